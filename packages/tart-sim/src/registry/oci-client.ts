import { createHash } from "node:crypto";
import { swiftFailure, type TartFailure } from "../cli/failure.ts";
import { isRecord, parseJson } from "../host/shape.ts";
import type { Sim } from "../sim.ts";
import type { RemoteName } from "../storage/remote-name.ts";
import { findCredentials, type Credentials } from "./credentials.ts";
import { authFailed, unexpectedStatus } from "./failures.ts";
import { type HttpAnswer, type HttpRequest, send } from "./http.ts";
import { MEDIA } from "./oci-manifest.ts";

/** One repository of a registry that is really there, over the OCI distribution API. */
export interface Repository {
  pullManifest(reference: string): Promise<Buffer>;
  pullBlob(digest: string): Promise<Buffer>;
  /** Sends it unless it is there. */
  pushBlob(blob: Buffer): Promise<{ size: number; digest: string }>;
  pushManifest(tag: string, manifest: string): Promise<void>;
  /** Asks for nothing but to be let in. */
  ping(): Promise<void>;
}

export interface Connection {
  /** Plain HTTP, as `--insecure` has it. */
  insecure: boolean;
  /** Looked up when the registry asks, as tart does it; also when it asks again. */
  credentials?: () => Credentials | undefined;
}

/** @throws TartFailure from every method, in tart's words (tart-contract §5.6) */
export function openRepository(
  sim: Sim,
  { host, namespace }: Pick<RemoteName, "host" | "namespace">,
  { insecure, credentials = () => findCredentials(sim, host) }: Connection,
): Repository {
  const origin = `${insecure ? "http" : "https"}://${host}`;
  const base = `${origin}/v2/${namespace}`;
  let authorization: string | undefined;

  const sendSigned = ({ headers, ...request }: HttpRequest): Promise<HttpAnswer> =>
    send(sim, {
      ...request,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    });

  async function ask(
    when: string,
    expected: readonly number[],
    method: string,
    url: string,
    { headers, body }: Pick<HttpRequest, "headers" | "body"> = {},
  ): Promise<HttpAnswer> {
    const request: HttpRequest = { method, url: new URL(url, origin), ...(headers && { headers }), body };
    let answer = await sendSigned(request);
    if (answer.status === 401) {
      authorization = await signIn(answer);
      answer = await sendSigned(request);
    }
    if (expected.includes(answer.status)) return answer;
    throw unexpectedStatus(when, answer.status, answer.body.toString("utf8", 0, 1000));
  }

  /** tart's way through a challenge: Basic, or a token from where the challenge says, anonymously if need be. */
  async function signIn({ headers }: HttpAnswer): Promise<string | undefined> {
    const challenge = headers["www-authenticate"];
    if (challenge === undefined) throw signInFailure("got HTTP 401, but WWW-Authenticate header is missing");
    const scheme = /^\S+/.exec(challenge)?.[0] ?? "";
    const directives = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
    );
    const found = credentials();
    const basic = found && `Basic ${Buffer.from(`${found.username}:${found.password}`).toString("base64")}`;
    if (scheme.toLowerCase() === "basic") return basic;
    if (scheme.toLowerCase() !== "bearer") {
      throw signInFailure(
        `WWW-Authenticate header's authentication scheme "${scheme}" is unsupported, expected "Bearer" scheme`,
      );
    }
    const realm = URL.parse(directives["realm"] ?? "");
    if (realm === null) throw signInFailure('WWW-Authenticate header is missing a "realm" directive');
    for (const key of ["scope", "service"]) {
      if (directives[key] !== undefined) realm.searchParams.set(key, directives[key]);
    }
    const answer = await send(sim, {
      method: "GET",
      url: realm,
      headers: basic === undefined ? {} : { authorization: basic },
    });
    if (answer.status !== 200) throw authFailed(answer.status, answer.body.toString("utf8", 0, 1000));
    const given = parseJson(answer.body.toString());
    const token = isRecord(given) ? (given["token"] ?? given["access_token"]) : undefined;
    return `Bearer ${String(token)}`;
  }

  return {
    async pullManifest(reference) {
      const headers = { accept: MEDIA.manifest };
      return (await ask("pulling manifest", [200], "GET", `${base}/manifests/${reference}`, { headers }))
        .body;
    },
    async pullBlob(digest) {
      const { body } = await ask("pulling blob", [200], "GET", `${base}/blobs/${digest}`);
      if (digestOf(body) !== digest)
        throw swiftFailure("failed to decompress disk: the blob has another digest");
      return body;
    },
    async pushBlob(blob) {
      const digest = digestOf(blob);
      const { status } = await ask("checking blob", [200, 404], "HEAD", `${base}/blobs/${digest}`);
      if (status === 200) return { size: blob.length, digest };
      const { headers } = await ask("pushing blob (POST)", [202], "POST", `${base}/blobs/uploads/`);
      const upload = new URL(headers.location ?? "", origin);
      upload.searchParams.set("digest", digest);
      await ask("pushing blob (PUT)", [201], "PUT", upload.href, {
        headers: { "content-type": "application/octet-stream" },
        body: blob,
      });
      return { size: blob.length, digest };
    },
    async pushManifest(tag, manifest) {
      const headers = { "content-type": MEDIA.manifest };
      await ask("pushing manifest", [201], "PUT", `${base}/manifests/${tag}`, { headers, body: manifest });
    },
    async ping() {
      await ask("doing ping", [200], "GET", `${origin}/v2/`);
    },
  };
}

export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const signInFailure = (why: string): TartFailure => swiftFailure(`AuthFailed(why: "${why}", details: "")`);
