import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/** A stand-in for EC2's instance metadata service, of version 2 alone: nothing is told without a token. */
export async function startMetadataService(facts: Readonly<Record<string, string>>) {
  const tokens = new Set<string>();
  /** Answers to give instead, the next first; `drop` gives none. */
  const trouble: ("drop" | number)[] = [];
  /** What it does not tell for now, though there is something. */
  const silent = new Set<string>();
  const requests: string[] = [];
  const server = createServer(({ method, url = "", headers, socket }, response) => {
    requests.push(`${method} ${url}`);
    const wrong = trouble.shift();
    if (wrong === "drop") return void socket.destroy();
    if (wrong !== undefined) return void response.writeHead(wrong).end();
    if (url === "/latest/api/token") {
      const seconds = Number(headers["x-aws-ec2-metadata-token-ttl-seconds"]);
      if (method !== "PUT") return void response.writeHead(405).end();
      // With a forwarded request nobody could tell who asks.
      if (headers["x-forwarded-for"] !== undefined) return void response.writeHead(403).end();
      if (!(seconds >= 1 && seconds <= 21_600)) return void response.writeHead(400).end();
      const token = randomUUID();
      tokens.add(token);
      return void response.end(token);
    }
    if (!tokens.has(String(headers["x-aws-ec2-metadata-token"]))) return void response.writeHead(401).end();
    const path = url.replace(/^\/latest\/meta-data\//, "");
    if (silent.has(path)) return void response.writeHead(503).end();
    const fact = facts[path];
    return void (fact === undefined ? response.writeHead(404).end() : response.end(fact));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    tokens,
    trouble,
    silent,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
