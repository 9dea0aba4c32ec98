import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { createServer, type IncomingMessage } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";
import { serveParent } from "../processes/helper.ts";
import { openRawRows } from "./rows.ts";

/*
 * The raw twin of the control plane: node:http, better-sqlite3 and ws with nothing in between. A POST writes one
 * row, and when sockets are connected one of them, each in its turn, is told of it.
 */
const sockets: WebSocket[] = [];
let turn = 0;

function tellOne(vmId: string): void {
  if (sockets.length === 0) return;
  turn = (turn + 1) % sockets.length;
  sockets[turn]?.send(JSON.stringify({ vmId }));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

serveParent({
  /** @returns where it listens */
  async start(databasePath: string): Promise<string> {
    const rows = openRawRows(databasePath);
    const server = createServer((request, response) => {
      void textOf(request).then(async (text) => {
        const body: unknown = JSON.parse(text);
        const id = randomBytes(12).toString("hex");
        await rows.write(id, text);
        tellOne(id);
        const reply = JSON.stringify({ id, body });
        response.writeHead(201, {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(reply),
        });
        response.end(reply);
      });
    });
    new WebSocketServer({ server }).on("connection", (socket) => {
      sockets.push(socket);
      socket.on("message", (data: Buffer) => socket.send(data.toString()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the system gave no port");
    return `http://127.0.0.1:${address.port}`;
  },
  /** Tells every socket so many times, one serialisation each. */
  async tellAll(value: object, times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const text = JSON.stringify(value);
      for (const socket of sockets) if (socket.readyState === socket.OPEN) socket.send(text);
      await setImmediate();
    }
  },
});

/** What `raw-main.ts` can be asked. */
export interface RawProcess {
  start(databasePath: string): Promise<string>;
  tellAll(value: object, times: number): Promise<void>;
}
