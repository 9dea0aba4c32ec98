import { createHmac, randomBytes } from "node:crypto";

const PREFIX = "whsec_";
/** The specification wants 24 to 64. */
const SECRET_BYTES = 32;

/** A new secret, in the form in which libraries for Standard Webhooks take it. */
export function mintWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString("base64");
}

/**
 * The headers of a message by Standard Webhooks
 * (github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): one signature for each secret.
 *
 * @param at milliseconds since 1970, of this try
 */
export function signedHeaders(
  id: string,
  at: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const seconds = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signatures.join(" ") };
}
