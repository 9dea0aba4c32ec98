import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import { serveParent } from "../processes/helper.ts";

/*
 * Peers that no control plane deserves. Each comes back whenever it was thrown out.
 */
const BACK_MS = 200;
const SLICE_MS = 20;
/** What a socket has not sent yet waits in this process. */
const WAITING_BYTES = 1024 * 1024;
/** A call that is answered with an error, whoever asks. */
const CALL = JSON.stringify({ id: 1, method: "query", params: { path: "no.such.thing" } });

export interface Hostility {
  url: string;
  /** Of hosts that are part of the fleet; each of the sockets has the next one. */
  credentials: readonly string[];
  /** Sockets that ask and never read an answer. */
  deaf: number;
  /** Sockets that ask as fast as they can. */
  flooding: number;
  /** Connections that send a request a byte at a time. */
  slow: number;
}

let over = new AbortController();

async function bother(url: string, credential: string, callsAtOnce: number, isDeaf: boolean): Promise<void> {
  const { signal } = over;
  while (!signal.aborted) {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/trpc`, {
      headers: { authorization: `Bearer ${credential}` },
    });
    socket.on("error", () => socket.terminate());
    const closed = new Promise((resolve) => void socket.once("close", resolve));
    socket.once("open", () => {
      if (isDeaf) socket.pause();
      const timer = setInterval(() => {
        for (let call = 0; call < callsAtOnce && socket.bufferedAmount < WAITING_BYTES; call += 1) {
          socket.send(CALL);
        }
        if (signal.aborted) socket.terminate();
      }, SLICE_MS);
      void closed.then(() => clearInterval(timer));
    });
    await closed;
    await wait(BACK_MS);
  }
}

async function dawdle(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const { signal } = over;
  while (!signal.aborted) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => socket.destroy());
    const closed = new Promise((resolve) => void socket.once("close", resolve));
    const timer = setInterval(() => (signal.aborted ? socket.destroy() : socket.write("G")), BACK_MS);
    await closed;
    clearInterval(timer);
    await wait(BACK_MS);
  }
}

const hostile = {
  begin({ url, credentials, deaf, flooding, slow }: Hostility): void {
    over = new AbortController();
    const credential = (index: number) => credentials[index % credentials.length] ?? "";
    for (let index = 0; index < deaf; index += 1) void bother(url, credential(index), 20, true);
    for (let index = 0; index < flooding; index += 1) void bother(url, credential(deaf + index), 200, false);
    for (let index = 0; index < slow; index += 1) void dawdle(url);
  },
  end: (): void => over.abort(),
};

export type HostileProcess = typeof hostile;

serveParent(hostile);
