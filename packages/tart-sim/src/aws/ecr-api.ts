import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { bodyOf, listen } from "./listen.ts";
import type { RoleCredentials } from "./metadata.ts";
import { readSignature } from "./sigv4.ts";

const TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
const JSON_TYPE = "application/x-amz-json-1.1";
const SKEW_MS = 5 * 60_000;

/** As AWS is at the moment. */
export interface AwsState {
  account: string;
  region: string;
  /** How long a token of ECR's is good for, milliseconds. */
  tokenMs: number;
  /** By how much AWS's clock is ahead of this machine's, milliseconds. */
  aheadMs: number;
  /** Actions that the role may not do. */
  denied: Set<string>;
  /** What was lent to the instance, by access key. */
  lent: Map<string, RoleCredentials>;
  /** The time of what was lent is over. */
  lendsExpired: boolean;
  /** Passwords for the registry, and until when (milliseconds) it takes them. */
  passwords: Map<string, number>;
  /** As which ECR has counted what was asked of it. */
  actions: Set<string>;
  /** Questions to the API so far. */
  questions: number;
}

/** Who asks, as AWS's own sentences name a role. */
const asker = ({ account }: AwsState) =>
  `arn:aws:sts::${account}:assumed-role/tartfleet-host/i-0123456789abcdef0`;

export const notAuthorized = (aws: AwsState, action: string, resource: string): string =>
  `User: ${asker(aws)} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;

/** ECR's own API, of which it has GetAuthorizationToken: strict about who asks, and how. */
export async function startEcrApi(aws: AwsState) {
  const server = createServer((request, response) => {
    aws.questions += 1;
    void bodyOf(request).then((body) => {
      const { status, content } = answerTo(aws, request, body.toString());
      response.writeHead(status, { "content-type": JSON_TYPE, date: new Date(nowOf(aws)).toUTCString() });
      response.end(JSON.stringify(content));
    });
  });
  return { server, address: await listen(server) };
}

export const nowOf = ({ aheadMs }: AwsState): number => Date.now() + aheadMs;

function answerTo(
  aws: AwsState,
  request: IncomingMessage,
  body: string,
): { status: number; content: object } {
  const refuse = (type: string, message: string) => ({ status: 400, content: { __type: type, message } });
  const { method, headers } = request;
  if (method !== "POST" || headers["x-amz-target"] !== TARGET || headers["content-type"] !== JSON_TYPE)
    return refuse("UnknownOperationException", "");
  const signed = readSignature(request, body);
  if (signed?.service !== "ecr" || signed.region !== aws.region)
    return refuse("MissingAuthenticationTokenException", "Missing Authentication Token");
  const { accessKeyId, date } = signed;
  const known = aws.lent.get(accessKeyId);
  if (known === undefined || known.sessionToken !== headers["x-amz-security-token"])
    return refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
  if (aws.lendsExpired)
    return refuse("ExpiredTokenException", "The security token included in the request is expired");
  const asked = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (Math.abs(asked - nowOf(aws)) > SKEW_MS) {
    const now = new Date(nowOf(aws)).toISOString();
    return refuse("InvalidSignatureException", `Signature expired: ${date} is now earlier than ${now}`);
  }
  if (!signed.isBy(known.secretAccessKey))
    return refuse("InvalidSignatureException", "The request signature we calculated does not match.");
  const action = "ecr:GetAuthorizationToken";
  aws.actions.add(action);
  if (aws.denied.has(action)) return refuse("AccessDeniedException", notAuthorized(aws, action, "*"));
  const { password, until } = issuePassword(aws);
  const authorizationToken = Buffer.from(`AWS:${password}`).toString("base64");
  return { status: 200, content: { authorizationData: [{ authorizationToken, expiresAt: until / 1000 }] } };
}

/** A password for the registry, as long as ECR's are, and until when it is taken. */
export function issuePassword(aws: AwsState): { password: string; until: number } {
  const password = randomBytes(1200).toString("base64");
  const until = nowOf(aws) + aws.tokenMs;
  aws.passwords.set(password, until);
  return { password, until };
}
