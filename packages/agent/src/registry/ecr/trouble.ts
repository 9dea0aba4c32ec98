import type { TagAnswer } from "@tartfleet/shared";

/** Why AWS gives no token for a registry, for a machine. */
type TroubleCode =
  | "aws_no_role"
  | "aws_access_denied"
  | "aws_credentials_refused"
  | "aws_credentials_expired"
  | "aws_clock_skewed"
  | "aws_unreachable"
  | "aws_failed";

export interface EcrTrouble {
  code: TroubleCode;
  /** What it is to whoever wanted the image. */
  meaning: Extract<TagAnswer, { kind: "failed" }>["code"] & ("image_auth_failed" | "registry_unreachable");
  /** What happened and what to do. Names no secret. */
  message: string;
}

/** The parts of the AWS SDK's errors that are looked at; all else that can be thrown has none of them. */
interface AwsError {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  $metadata?: unknown;
}

const BY_NAME: Readonly<Record<string, TroubleCode>> = {
  CredentialsProviderError: "aws_no_role",
  AccessDeniedException: "aws_access_denied",
  AccessDenied: "aws_access_denied",
  UnrecognizedClientException: "aws_credentials_refused",
  InvalidClientTokenId: "aws_credentials_refused",
  IncompleteSignatureException: "aws_credentials_refused",
  ExpiredTokenException: "aws_credentials_expired",
  ExpiredToken: "aws_credentials_expired",
  RequestExpired: "aws_clock_skewed",
  RequestTimeTooSkewed: "aws_clock_skewed",
  TimeoutError: "aws_unreachable",
  AbortError: "aws_unreachable",
};

/** What the AWS SDK threw, in words for people. Never throws. */
export function troubleOf(error: unknown, region: string): EcrTrouble {
  const { name, message, code, $metadata }: AwsError = error instanceof Error ? error : {};
  const said = typeof message === "string" ? message : String(error);
  const known = codeOf({ name, said, hasAnswer: hasStatus($metadata), code });
  const meaning = known === "aws_unreachable" ? "registry_unreachable" : "image_auth_failed";
  return { code: known, meaning, message: sentence(known, said, region).slice(0, 600) };
}

function codeOf(seen: { name: unknown; said: string; hasAnswer: boolean; code: unknown }): TroubleCode {
  const { name, said, hasAnswer, code } = seen;
  // A signature that is only too old or too new says so in its text alone.
  if (name === "InvalidSignatureException")
    return /expired|not yet current/i.test(said) ? "aws_clock_skewed" : "aws_credentials_refused";
  const known = typeof name === "string" ? BY_NAME[name] : undefined;
  if (known !== undefined) return known;
  return !hasAnswer && typeof code === "string" ? "aws_unreachable" : "aws_failed";
}

function sentence(code: TroubleCode, said: string, region: string): string {
  switch (code) {
    case "aws_no_role":
      return "The host has no credentials for AWS: give its instance a role (an instance profile), or its user a profile in ~/.aws.";
    case "aws_access_denied":
      return `${deniedBy(said) ?? `AWS denies the host a token for ECR (${said})`}.`;
    case "aws_credentials_refused":
      return "AWS does not know the host's credentials: the key was deleted, or is one of another partition. Look at its role, and at AWS_* in the agent's environment.";
    case "aws_credentials_expired":
      return "The host's credentials for AWS have expired. Those of a role renew themselves; a key in the agent's environment or in ~/.aws does not.";
    case "aws_clock_skewed":
      return `AWS refuses the time of the host's clock (${said}). Set it: sudo sntp -sS time.apple.com`;
    case "aws_unreachable":
      return `ECR in ${region} cannot be asked for a token: ${said}. Look at the host's network, and whether ${region} is a region.`;
    case "aws_failed":
      return `AWS gives no token for ECR in ${region}: ${said}`;
  }
}

/**
 * Who may not do what, by AWS's own sentence in an answer of its API or of a registry; undefined when there is none.
 */
export function deniedBy(text: string): string | undefined {
  const [, user, action] =
    /User: (\S+) is not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)/.exec(text) ?? [];
  return user === undefined || action === undefined
    ? undefined
    : `AWS does not let ${user} do ${action}: add that action to its role's policy, or to that of the repository`;
}

/** Did AWS answer at all? */
function hasStatus(metadata: unknown): boolean {
  return typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata;
}
