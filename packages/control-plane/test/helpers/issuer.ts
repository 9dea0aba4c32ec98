import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** A stand-in for an OpenID Connect issuer, with a key of its own. */
export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const published = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  const asked: string[] = [];
  let isDown = false;
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (isDown) return void response.writeHead(500).end();
    response.writeHead(200, { "content-type": "application/json" });
    if (request.url === "/.well-known/openid-configuration") {
      return void response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
    }
    response.end(JSON.stringify({ keys: [published] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    publicKey: published,
    privateKey,
    /** Paths that were asked for. */
    asked,
    setDown(value: boolean) {
      isDown = value;
    },
    /** A token as it issues them, with whatever is to be different. */
    sign: (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
      new SignJWT({ iss: url, aud: "tartfleet", sub: "repo:org/app:ref:refs/heads/main", ...claims })
        .setProtectedHeader({ alg: "ES256", kid: "k1", ...header })
        .sign(privateKey),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
