import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { z } from "zod";
import { makeSimJenkins, type SimJenkins } from "./jenkins.ts";
import { Refusal } from "./refusal.ts";

const saidSchema = z.object({ finished: z.int(), exitCode: z.int() });

/** A controller on a port of this machine, which the `java -jar agent.jar` of simulated guests connects to. */
export interface ServedJenkins extends AsyncDisposable {
  url: string;
  jenkins: SimJenkins;
}

export async function serveSimJenkins(jenkins = makeSimJenkins()): Promise<ServedJenkins> {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  server.on("upgrade", upgrade);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  const url = `http://127.0.0.1:${address.port}/`;
  jenkins.moveTo(url);

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    let peer: WebSocket | undefined;
    try {
      if (request.url !== "/wsagents/") throw new Refusal(404, "no WebSocket here");
      const opened = jenkins.connect(headersOf(request), {
        run: (build, script) => peer?.send(JSON.stringify({ build, script })),
        closed: () => peer?.close(1001),
      });
      const lines = Object.entries(opened.headers).map(([name, value]) => `${name}: ${value}`);
      sockets.once("headers", (headers: string[]) => void headers.push(...lines));
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        peer = accepted;
        accepted.on("message", (data: Buffer) => {
          const { finished, exitCode } = saidSchema.parse(JSON.parse(data.toString()));
          opened.channel.finished(finished, exitCode);
        });
        accepted.on("close", () => opened.channel.close());
        opened.begin();
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      socket.end(
        `HTTP/1.1 ${error.status} Refused\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(error.message)}\r\n\r\n${error.message}`,
      );
    }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const answered = await jenkins.handle(
      new Request(new URL(request.url ?? "/", url), {
        method: request.method ?? "GET",
        headers: headersOf(request),
        ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}),
      }),
    );
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
  }

  return {
    url,
    jenkins,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );
}
