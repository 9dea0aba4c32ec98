/** Where an instance of EC2's asks about itself, unless the SDK's own settings say otherwise. */
const ENDPOINT = "http://169.254.169.254";
const ROLES = "/latest/meta-data/iam/security-credentials/";
/** It is on the same machine, or not there at all. */
const LIMIT_MS = 1000;
const SESSION_SECONDS = 60;

/**
 * The name of the instance's role, by which AWS gives it tokens for ECR (IMDSv2); undefined when it has none, or is
 * no instance of EC2's. Asks for no credentials. Never rejects.
 *
 * @param env as the AWS SDK understands it
 */
export async function instanceRole(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  const endpoint = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? ENDPOINT;
  const ask = async (path: string, init: RequestInit) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
    const response = await fetch(new URL(path, endpoint), { ...init, signal: limit, redirect: "error" });
    const text = await response.text();
    return response.ok ? text.trim() : "";
  };
  try {
    const seconds = { "x-aws-ec2-metadata-token-ttl-seconds": String(SESSION_SECONDS) };
    const session = await ask("/latest/api/token", { method: "PUT", headers: seconds });
    if (session === "") return undefined;
    const roles = await ask(ROLES, { headers: { "x-aws-ec2-metadata-token": session } });
    return /^[\w+=,.@-]{1,64}/.exec(roles)?.[0];
  } catch {
    return undefined;
  }
}
