import { z } from "zod";
import type { TagAnswer } from "@tartfleet/shared";
import type { Credentials, CredentialSource } from "./credentials.ts";

interface Challenge {
  scheme: string;
  /** `realm`, `service`, `scope`… */
  parameters: Readonly<Record<string, string>>;
}

/** The value of an Authorization header and whose it is, or why there is none. */
type SignedIn =
  | { authorization: string; credentials: Credentials | undefined }
  | { refused: string; code: Extract<TagAnswer, { kind: "failed" }>["code"] };

const refusal = (refused: string): SignedIn => ({ refused, code: "image_auth_failed" });

const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/**
 * Answers the challenge of a registry that wants to know who asks: Basic, or a bearer token that is fetched where
 * the challenge says, anonymously when no credentials are found.
 *
 * @param challenge the header WWW-Authenticate; null when the registry gave none
 */
export async function authorize({
  registry,
  name,
  challenge,
  source,
  signal,
}: {
  registry: string;
  name: string;
  challenge: string | null;
  source: CredentialSource;
  signal: AbortSignal;
}): Promise<SignedIn> {
  if (challenge === null) return refusal(`${registry} answered 401 and does not say how to sign in.`);
  const { scheme, parameters } = readChallenge(challenge);
  const { credentials, problems, trouble } = await source.find(registry, signal);
  if (trouble) return { refused: `${registry} asks who it is. ${problems.join(" ")}`, code: trouble.meaning };
  const hint =
    credentials === undefined
      ? ` No credentials for it were found${problems.map((problem) => `: ${problem}`).join("")}.`
      : " The credentials that were found for it are not accepted.";
  if (scheme === "basic") {
    if (credentials) return { authorization: basic(credentials), credentials };
    return refusal(`${registry} asks for a user and a password.${hint}`);
  }
  const realm = scheme === "bearer" ? URL.parse(parameters["realm"] ?? "") : null;
  if (realm?.protocol !== "https:")
    return refusal(`${registry} asks to sign in in a way that is not known (${scheme}).`);
  const { service, scope = `repository:${name}:pull` } = parameters;
  if (service !== undefined) realm.searchParams.set("service", service);
  realm.searchParams.set("scope", scope);
  const response = await fetch(realm, {
    signal,
    // A token's place that moves is followed by nobody who carries a password.
    redirect: "error",
    headers: credentials ? { authorization: basic(credentials) } : {},
  });
  if (!response.ok) {
    await response.body?.cancel();
    return refusal(
      `${realm.host} answered ${response.status} when asked for a token for ${registry}.${hint}`,
    );
  }
  const { data } = tokenSchema.safeParse(await response.json());
  const token = data?.token ?? data?.access_token;
  return token === undefined
    ? refusal(`${realm.host} gave no token for ${registry}.`)
    : { authorization: `Bearer ${token}`, credentials };
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString("base64")}`;
}

/** The first challenge of the header (RFC 9110 §11.6.1); parameters' names are not case-sensitive. */
export function readChallenge(header: string): Challenge {
  const [, scheme = "", rest = ""] = /^\s*([A-Za-z]+)\s*(.*)$/s.exec(header) ?? [];
  const parameters: Record<string, string> = {};
  for (const [, key = "", quoted, plain = ""] of rest.matchAll(
    /([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g,
  ))
    parameters[key.toLowerCase()] ??= quoted?.replaceAll(/\\(.)/g, "$1") ?? plain;
  return { scheme: scheme.toLowerCase(), parameters };
}
