import { digestSchema, imageParts, type TagAnswer } from "@tartfleet/shared";
import { createHash } from "node:crypto";
import { authorize } from "./authorize.ts";
import { makeCredentialSource, type CredentialSource } from "./credentials.ts";
import { deniedBy } from "./ecr/trouble.ts";
import type { ResolveTag } from "./questions.ts";

/** A question as a whole, whatever the registry does; the control plane asks another agent a little later. */
const LIMIT_MS = 8000;
/** The distribution specification lets no manifest be larger. */
const LARGEST_MANIFEST = 4 * 1024 * 1024;
/** What tart asks for, and by whose bytes it names an image. */
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/**
 * Asks registries (OCI distribution API over TLS) what tags stand for, as tart would: anonymously first, and with
 * the credentials that tart would find when that is refused.
 */
export function makeResolveTag(
  env: Readonly<Record<string, string | undefined>>,
  source = makeCredentialSource(env),
): ResolveTag {
  return async (reference, signal) => {
    const { repository, tag } = imageParts(reference) ?? {};
    if (repository === undefined || tag === undefined)
      return failed("image_not_found", `${reference} names no tag.`);
    const [registry = "", ...name] = repository.split("/");
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
    try {
      return await ask({ registry, name: name.join("/"), tag }, source, limit);
    } catch (error) {
      return failed("registry_unreachable", `${registry} cannot be asked: ${why(error)}.`);
    }
  };
}

interface Tag {
  registry: string;
  name: string;
  tag: string;
}

async function ask(
  { registry, name, tag }: Tag,
  source: CredentialSource,
  signal: AbortSignal,
): Promise<TagAnswer> {
  const url = `https://${registry}/v2/${name}/manifests/${tag}`;
  let authorization: string | undefined;
  const get = (method: "HEAD" | "GET") =>
    fetch(url, {
      method,
      signal,
      headers: { accept: MANIFEST, ...(authorization === undefined ? {} : { authorization }) },
    });

  let response = await get("HEAD");
  const challenge = response.headers.get("www-authenticate");
  for (let mayTry = response.status === 401, tried = 1; mayTry; tried += 1) {
    const signedIn = await authorize({ registry, name, challenge, source, signal });
    if ("refused" in signedIn) return failed(signedIn.code, signedIn.refused);
    const { credentials } = signedIn;
    authorization = signedIn.authorization;
    response = await get("HEAD");
    mayTry = isRefusal(response) && tried === 1 && !!credentials && source.refused(registry, credentials);
  }
  const told = response.ok && digestSchema.safeParse(response.headers.get("docker-content-digest")).data;
  if (told) return { kind: "digest", digest: told };
  // A registry need not say the digest, and says in no answer to a HEAD what is wrong.
  response = await get("GET");
  const body = await bodyOf(response);
  if (response.ok && body !== undefined)
    return { kind: "digest", digest: `sha256:${createHash("sha256").update(body).digest("hex")}` };
  const denied = deniedBy(body?.toString("utf8", 0, 1000) ?? "");
  const said = `${registry} answered ${response.status}${errorIn(body)} when asked for ${name}:${tag}.${denied === undefined ? "" : ` ${denied}.`}`;
  if (response.status === 404) return failed("image_not_found", said);
  return failed(isRefusal(response) ? "image_auth_failed" : "registry_unreachable", said);
}

const isRefusal = ({ status }: Response): boolean => status === 401 || status === 403;

function failed(code: Extract<TagAnswer, { kind: "failed" }>["code"], message: string): TagAnswer {
  return { kind: "failed", code, message: message.slice(0, 1000) };
}

/** Undefined when it is larger than any manifest. */
async function bodyOf(response: Response): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LARGEST_MANIFEST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The code in an error as the distribution specification has it: ` (MANIFEST_UNKNOWN)`. */
function errorIn(body: Buffer | undefined): string {
  const code = /"code"\s*:\s*"([A-Z_]{1,40})"/.exec(body?.toString("utf8", 0, 1000) ?? "")?.[1];
  return code === undefined ? "" : ` (${code})`;
}

/** What fetch hides in its cause, or how long was waited. */
function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${LIMIT_MS / 1000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause && cause.message === "" ? String(cause.code) : cause.message;
}
