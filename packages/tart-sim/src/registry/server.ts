import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type CatalogueImage, digestOf, readCatalogue } from "./catalogue.ts";

export interface SimRegistryOptions {
  /** PEM. */
  tls: { key: string; cert: string };
  /** Directory whose catalogue.json it serves: those of its images that are named `<address>/…`. */
  hostDir: string;
  /**
   * How it wants to know who asks. `bearer`, the default, as ghcr.io does it: everybody needs a token, which an
   * anonymous client gets for public images. `basic` as Amazon's does: nobody reads anything without a password.
   */
  auth?: "bearer" | "basic";
}

/** What it does instead of answering rightly. */
interface Misbehaviour {
  /** Answers manifests with this status. */
  status?: number;
  /** Does not answer at all. */
  isSilent?: boolean;
  /** Says no Docker-Content-Digest, which a registry need not. */
  saysNoDigest?: boolean;
}

export interface SimRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`, as it begins a reference. */
  address: string;
  /** `method path`, of every request so far. */
  requests: readonly string[];
  misbehave(how: Misbehaviour): void;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const TOKEN_MS = 60_000;

/** A registry that speaks the part of the OCI distribution API by which manifests are read, over TLS. */
export async function startRegistry({
  tls,
  hostDir,
  auth = "bearer",
}: SimRegistryOptions): Promise<SimRegistry> {
  const tokens = new Map<string, { scope: string; until: number }>();
  const requests: string[] = [];
  let misbehaviour: Misbehaviour = {};
  let address = "";

  const images = () => readCatalogue(hostDir).filter(({ name }) => name.startsWith(`${address}/`));
  const ofRepository = (name: string) => images().filter((image) => image.name === `${address}/${name}`);

  const server = createServer(tls, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    handle(request, response);
  });

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", `https://${address}`);
    if (url.pathname === "/token" && auth === "bearer") return giveToken(request, url, response);
    const path = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
    const [, name = "", reference = ""] = path ?? [];
    if (!path || (request.method !== "GET" && request.method !== "HEAD"))
      return refuse(response, 404, "UNSUPPORTED");
    if (misbehaviour.isSilent) return;
    if (!mayRead(request, name)) {
      const challenge =
        auth === "basic"
          ? `Basic realm="https://${address}/",service="${address}"`
          : `Bearer realm="https://${address}/token",service="${address}",scope="${scopeOf(name)}"`;
      response.setHeader("www-authenticate", challenge);
      return refuse(response, 401, "UNAUTHORIZED");
    }
    if (misbehaviour.status !== undefined) return refuse(response, misbehaviour.status, "UNKNOWN");
    serve(request, response, name, reference);
  }

  function serve(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    name: string,
    reference: string,
  ): void {
    const known = ofRepository(name);
    if (known.length === 0) return refuse(response, 404, "NAME_UNKNOWN");
    const image = known.find(({ digest, tags }) => digest === reference || tags.includes(reference));
    if (!image) return refuse(response, 404, "MANIFEST_UNKNOWN");
    // Manifests of a kind that was not asked for are not served.
    if (!headers.accept?.split(",").some((type) => type.trim() === MANIFEST))
      return refuse(response, 404, "MANIFEST_UNKNOWN");
    if (digestOf(image.manifest) !== image.digest) return refuse(response, 500, "MANIFEST_INVALID");
    response.writeHead(200, {
      "content-type": MANIFEST,
      "content-length": Buffer.byteLength(image.manifest),
      ...(misbehaviour.saysNoDigest ? {} : { "docker-content-digest": image.digest }),
    });
    response.end(method === "HEAD" ? undefined : image.manifest);
  }

  function mayRead({ headers }: IncomingMessage, name: string): boolean {
    const [scheme, secret = ""] = headers.authorization?.split(" ") ?? [];
    if (auth === "basic") return scheme === "Basic" && isUser(secret, images());
    const token = scheme === "Bearer" ? tokens.get(secret) : undefined;
    return token !== undefined && token.scope === scopeOf(name) && token.until > Date.now();
  }

  function giveToken({ headers }: IncomingMessage, url: URL, response: ServerResponse): void {
    const scope = url.searchParams.get("scope") ?? "";
    const [, name = ""] = /^repository:(.+):pull$/.exec(scope) ?? [];
    if (url.searchParams.get("service") !== address || name === "")
      return refuse(response, 400, "UNSUPPORTED");
    const [scheme, secret = ""] = headers.authorization?.split(" ") ?? [];
    const isPrivate = ofRepository(name).some((image) => image.auth !== undefined);
    if (scheme === undefined && isPrivate) return refuse(response, 403, "DENIED");
    if (scheme !== undefined && !(scheme === "Basic" && isUser(secret, images())))
      return refuse(response, 401, "UNAUTHORIZED");
    const token = randomBytes(16).toString("hex");
    tokens.set(token, { scope, until: Date.now() + TOKEN_MS });
    answer(response, 200, { token, expires_in: TOKEN_MS / 1000 });
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the registry has no port");
  address = `127.0.0.1:${bound.port}`;
  return {
    address,
    requests,
    misbehave: (how) => void (misbehaviour = how),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const scopeOf = (name: string) => `repository:${name}:pull`;

/** Whoever may read one image of the catalogue is a user. */
function isUser(secret: string, images: readonly CatalogueImage[]): boolean {
  const given = Buffer.from(secret, "base64").toString();
  return images.some(({ auth }) => auth && `${auth.username}:${auth.password}` === given);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  answer(response, status, { errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] });
}

/** To a HEAD Node leaves the body out by itself. */
function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
