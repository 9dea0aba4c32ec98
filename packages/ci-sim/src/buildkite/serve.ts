import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { makeSimBuildkite, type SimBuildkite } from "./buildkite.ts";

/** A cluster on a port of this machine, which the `buildkite-agent start --endpoint` of simulated guests connects to. */
export interface ServedBuildkite extends AsyncDisposable {
  /** Of the Agent API. */
  url: string;
  buildkite: SimBuildkite;
}

export async function serveSimBuildkite(): Promise<ServedBuildkite> {
  const buildkite = makeSimBuildkite({ now: Date.now, pollSeconds: 1 });
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  const origin = `http://127.0.0.1:${address.port}`;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const { authorization } = request.headers;
    const answered = await buildkite.handle(
      new Request(origin + (request.url ?? "/"), {
        method: request.method ?? "GET",
        headers: authorization === undefined ? {} : { authorization },
        ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}),
      }),
    );
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
  }

  return {
    url: `${origin}/v3`,
    buildkite,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
