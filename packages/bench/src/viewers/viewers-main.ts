import { once } from "node:events";
import { WebSocket } from "ws";
import { serveParent } from "../processes/helper.ts";

/*
 * People who look at the fleet: sockets that are told, and read.
 */
let viewers: WebSocket[] = [];
let told = 0;
let enough: { count: number; resolve(): void } | undefined;

const WATCH = JSON.stringify({ id: 1, method: "subscription", params: { path: "fleet.watch" } });

function hear(socket: WebSocket, data: Buffer): void {
  const text = data.toString();
  if (text === "PING") socket.send("PONG");
  if (!text.includes('"whole":')) return;
  told += 1;
  if (enough && told >= enough.count) enough.resolve();
}

async function open(url: string, token?: string): Promise<void> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, { headers });
  socket.on("message", (data: Buffer) => hear(socket, data));
  await once(socket, "open");
  viewers.push(socket);
}

const functions = {
  /** So many that look at a control plane's board; resolves when each has been told of all of it. */
  async watch(url: string, token: string, count: number): Promise<void> {
    const allTold = functions.told(count);
    for (let made = 0; made < count; made += 1) {
      await open(`${url.replace(/^http/, "ws")}/trpc`, token);
      viewers.at(-1)?.send(WATCH);
    }
    await allTold;
  },
  /** So many that are told by the raw twin. */
  async connectRaw(url: string, count: number): Promise<void> {
    for (let made = 0; made < count; made += 1) await open(url);
  },
  /** Resolves when so many more messages about the board have arrived, at all viewers together. */
  told(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    enough = { count: told + count, resolve };
    return promise;
  },
  leave(): void {
    for (const viewer of viewers) viewer.terminate();
    viewers = [];
  },
};

export type ViewersProcess = typeof functions;

serveParent(functions);
