import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type AwsState, notAuthorized, nowOf } from "./ecr-api.ts";
import { listen } from "./listen.ts";

/** By which actions ECR counts what is asked of it as a registry, where one may be denied alone. */
const ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/^(GET|HEAD) .*\/manifests\//, "ecr:BatchGetImage"],
  [/^GET .*\/blobs\//, "ecr:GetDownloadUrlForLayer"],
  [/^HEAD .*\/blobs\//, "ecr:BatchCheckLayerAvailability"],
  [/^POST .*\/blobs\/uploads\//, "ecr:InitiateLayerUpload"],
  [/^PATCH .*\/blobs\/uploads\//, "ecr:UploadLayerPart"],
  [/^PUT .*\/blobs\/uploads\//, "ecr:CompleteLayerUpload"],
  [/^PUT .*\/manifests\//, "ecr:PutImage"],
];

/**
 * ECR as a registry: takes a password that its API has given, no other, until its time is over, and leaves the
 * rest to a registry behind it.
 *
 * @param upstream `127.0.0.1:port`, plain HTTP, where everybody may do everything
 */
export async function startEcrRegistry(
  aws: AwsState,
  { tls, upstream }: { tls: { key: string; cert: string }; upstream: string },
) {
  const server = createServer(tls, (request, response) => {
    const refusal = refusalOf(aws, request);
    if (refusal) return refuse(aws, response, refusal);
    return passOn(upstream, request, response);
  });
  return { server, address: await listen(server) };
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

function refusalOf(aws: AwsState, { method, url = "/", headers }: IncomingMessage): Refusal | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return { status: 401, code: "UNAUTHORIZED", message: "Not Authorized" };
  const [, user, password = ""] =
    /^(AWS):(.*)$/s.exec(Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString()) ?? [];
  const until = user === undefined ? undefined : aws.passwords.get(password);
  if (until === undefined) return { status: 401, code: "UNAUTHORIZED", message: "Not Authorized" };
  if (until < nowOf(aws)) {
    const message = "Your authorization token has expired. Reauthenticate and try again.";
    return { status: 403, code: "DENIED", message };
  }
  const [, action] = ACTIONS.find(([asked]) => asked.test(`${method} ${url}`)) ?? [];
  if (action !== undefined) aws.actions.add(action);
  if (action === undefined || !aws.denied.has(action)) return undefined;
  const [, name = ""] = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url) ?? [];
  const resource = `arn:aws:ecr:${aws.region}:${aws.account}:repository/${name}`;
  return { status: 403, code: "DENIED", message: notAuthorized(aws, action, resource) };
}

function refuse(aws: AwsState, response: ServerResponse, { status, code, message }: Refusal): void {
  if (status === 401) {
    const realm = `https://${aws.account}.dkr.ecr.${aws.region}.amazonaws.com/`;
    response.setHeader("www-authenticate", `Basic realm="${realm}",service="ecr.amazonaws.com"`);
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

function passOn(upstream: string, request: IncomingMessage, response: ServerResponse): void {
  const { authorization: _theirs, ...headers } = request.headers;
  const [host, port] = upstream.split(":");
  const onward = forward({
    host,
    port,
    method: request.method,
    path: request.url,
    // By which the registry makes the addresses that it answers with.
    headers: { ...headers, "x-forwarded-proto": "https" },
  });
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}
