import { createPrivateKey, createSign, randomUUID, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { Credentials } from "./credentials.ts";

const ISSUER = "tart-sim";
const SERVICE = "registry";
const TOKEN_SECONDS = 300;

/**
 * Gives out what a registry with token authentication takes (the distribution project's "Token Authentication
 * Specification"): to its user a token for all that is asked, to others one to pull.
 *
 * @param tls its own certificate; tokens are signed with the same key, which must be of P-256
 */
export async function startTokenIssuer(tls: { key: string; cert: string }, user: Credentials) {
  const known = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString("base64")}`;
  const server = createServer(tls, ({ url = "/", headers }, response) => {
    const { searchParams } = new URL(url, "https://localhost");
    const { authorization } = headers;
    if (authorization !== undefined && authorization !== known) {
      response.writeHead(401, { "content-type": "application/json" });
      return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    }
    const access = accessOf(searchParams.get("scope") ?? "", authorization !== undefined);
    response.writeHead(200, { "content-type": "application/json" });
    return response.end(JSON.stringify({ token: signed(tls, access), expires_in: TOKEN_SECONDS }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the issuer of tokens has no port");
  return {
    settings: { realm: `https://127.0.0.1:${bound.port}/token`, service: SERVICE, issuer: ISSUER },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function accessOf(scope: string, isUser: boolean): object[] {
  const [, name, actions = ""] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? [];
  if (name === undefined) return [];
  return [{ type: "repository", name, actions: isUser ? actions.split(",") : ["pull"] }];
}

function signed({ key, cert }: { key: string; cert: string }, access: readonly object[]): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: "JWT", alg: "ES256", x5c: [new X509Certificate(cert).raw.toString("base64")] };
  const claims = {
    iss: ISSUER,
    aud: SERVICE,
    sub: "",
    iat: now,
    nbf: now - 10,
    exp: now + TOKEN_SECONDS,
    jti: randomUUID(),
    access,
  };
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = createSign("sha256")
    .update(text)
    .sign({ key: createPrivateKey(key), dsaEncoding: "ieee-p1363" }, "base64url");
  return `${text}.${signature}`;
}
