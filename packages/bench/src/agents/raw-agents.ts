import { once } from "node:events";
import { WebSocket } from "ws";
import { monotonicMs } from "../processes/monotonic.ts";

const BEAT_MS = 5000;

/** What an agent's twin says when it comes, if anything, and at every beat. */
interface Words {
  first?: string;
  beat: string;
}

/** To `raw-main.ts`. */
export const BARE: Words = { beat: JSON.stringify({ beat: 1 }) };

/** To `trpc-main.ts`. */
export const TRPC: Words = {
  first: JSON.stringify({ id: 1, method: "subscription", params: { path: "assignments" } }),
  beat: JSON.stringify({ id: 2, method: "mutation", params: { path: "beat", input: { epoch: 1 } } }),
};

/** What agents would be on bare WebSockets, or on tRPC's: connected, beating, told of ids. */
export function createRawAgents({ first, beat }: Words, onTold: (vmId: string) => void) {
  const sockets: WebSocket[] = [];

  async function connect(url: string): Promise<void> {
    const socket = new WebSocket(url);
    // As the server sends it: one whole text in one Buffer.
    socket.on("message", (data: Buffer) => {
      const said: unknown = JSON.parse(data.toString());
      if (typeof said === "object" && said !== null && "vmId" in said) onTold(String(said.vmId));
    });
    await once(socket, "open");
    if (first !== undefined) socket.send(first);
    sockets.push(socket);
  }

  return {
    /** So many messages to and fro on one socket, one after the other; milliseconds each. */
    async echo(count: number): Promise<number[]> {
      const [socket] = sockets;
      if (!socket) throw new Error("no raw socket is connected");
      const lasted: number[] = [];
      for (let turn = 0; turn < count; turn += 1) {
        const since = monotonicMs();
        socket.send(beat);
        await once(socket, "message");
        lasted.push(monotonicMs() - since);
      }
      return lasted;
    },
    /** So many more, one after the other; resolves when all are there. */
    async connect(url: string, count: number): Promise<void> {
      for (let made = 0; made < count; made += 1) await connect(url);
      // One timer for all: each beats as often as a real agent does, and few of them at once.
      let turn = 0;
      const slices = 1000;
      const timer = setInterval(() => {
        for (let index = turn; index < sockets.length; index += slices) sockets[index]?.send(beat);
        turn = (turn + 1) % slices;
      }, BEAT_MS / slices);
      timer.unref();
    },
  };
}
