import type { Readable } from "node:stream";
import { TUNNEL_CUTS, type TunnelCut } from "@tartfleet/shared";
import { createWebSocketStream, type WebSocket } from "ws";
import type { Clock } from "../engine/clock.ts";
import type { TunnelEnded } from "../engine/use-cases.ts";
import { closeWithin } from "./bound-socket.ts";
import type { Limits } from "./limits.ts";

/** Messages of one end that may wait for the other: what a tunnel costs at most is twice so many, and one on its way. */
const WAITING = 4;

/** One end of a tunnel, from the moment at which it is there: nothing that it says is lost before it is joined. */
export interface JoinedSide {
  socket: WebSocket;
  messages: Readable;
}

export function makeSide(socket: WebSocket): JoinedSide {
  const messages = createWebSocketStream(socket, {
    readableObjectMode: true,
    readableHighWaterMark: WAITING,
  });
  // A connection that breaks has ended.
  messages.on("error", () => {});
  // Answered here, since a peer that asks and does not read would cost memory.
  socket.on("ping", (data) => {
    if (socket.bufferedAmount === 0 && socket.readyState === socket.OPEN) socket.pong(data);
  });
  return { socket, messages };
}

interface JoinOptions {
  /** Aborts, with the `TunnelCut` as its reason, when it may not go on. */
  signal: AbortSignal;
  clock: Clock;
  limits: Pick<Limits, "tunnelIdleMs" | "tunnelMaxMs" | "socketPingMs" | "socketCloseMs">;
}

/**
 * Carries messages between a tunnel's ends, in order and as they are, until one of them leaves or the tunnel is cut.
 * What one end does not take is not read from the other.
 */
export async function join(
  client: JoinedSide,
  agent: JoinedSide,
  { signal, clock, limits }: JoinOptions,
): Promise<TunnelEnded> {
  const ended = { toGuest: 0, fromGuest: 0 };
  let movedAt = clock.now();
  const { promise: cut, resolve: cutOff } = Promise.withResolvers<TunnelCut>();

  async function carry(from: JoinedSide, to: JoinedSide, way: keyof typeof ended): Promise<void> {
    try {
      // What is left in the stream does not matter; how the socket is ended does.
      for await (const message of from.messages.iterator({ destroyOnReturn: false })) {
        if (!(message instanceof Uint8Array)) return cutOff("not_understood");
        ended[way] += message.length;
        movedAt = clock.now();
        await send(to.socket, message);
      }
    } catch {
      // The connection broke.
    }
  }

  let cancelIdle = clock.after(limits.tunnelIdleMs, lookIdle);
  function lookIdle(): void {
    const leftMs = movedAt + limits.tunnelIdleMs - clock.now();
    if (leftMs <= 0) cutOff("idle");
    else cancelIdle = clock.after(leftMs, lookIdle);
  }
  const cancelMax = clock.after(limits.tunnelMaxMs, () => cutOff("too_long"));
  const onAbort = () => cutOff(cutOf(signal.reason));
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  // Keeps proxies from ending what is silent, and meets a peer that has gone while nothing is read from it.
  const pings = setInterval(() => {
    for (const { socket } of [client, agent]) {
      if (socket.readyState === socket.OPEN && socket.bufferedAmount === 0) socket.ping();
    }
  }, limits.socketPingMs);

  const { promise: clientLeft, resolve: leave } = Promise.withResolvers<"closed" | "client_left">();
  client.socket.once("close", (code) => leave(code === 1000 ? "closed" : "client_left"));
  const reason = await Promise.race([
    cut,
    carry(client, agent, "toGuest").then(() => clientLeft),
    carry(agent, client, "fromGuest").then(() => "agent_left" as const),
  ]);

  clearInterval(pings);
  cancelIdle();
  cancelMax();
  signal.removeEventListener("abort", onAbort);
  const close = reason === "closed" ? { code: 1000, reason: "" } : { ...TUNNEL_CUTS[reason], reason };
  await Promise.all([client, agent].map(({ socket }) => end(socket, close, limits.socketCloseMs)));
  return { reason, ...ended };
}

function send(socket: WebSocket, message: Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  return new Promise((sent) => socket.send(message, () => sent()));
}

/** Tells an end why, and waits until it is gone. What it was sent before goes before. */
function end(socket: WebSocket, close: { code: number; reason: string }, withinMs: number): Promise<void> {
  if (socket.readyState === socket.CLOSED) return Promise.resolve();
  return new Promise((ended) => {
    socket.once("close", () => ended());
    closeWithin(socket, close, withinMs);
  });
}

function cutOf(reason: unknown): TunnelCut {
  const cuts: Readonly<Record<string, unknown>> = TUNNEL_CUTS;
  // What aborts a tunnel gives one of them.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return typeof reason === "string" && reason in cuts ? (reason as TunnelCut) : "agent_left";
}
