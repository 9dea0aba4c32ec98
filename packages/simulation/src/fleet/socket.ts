import { createPipe, type Pipe } from "../world/network.ts";
import type { Process } from "../world/process.ts";
import type { Serving } from "./control-plane.ts";
import type { World } from "./world.ts";

/** A TCP connection between an agent and the control plane. */
export interface Socket {
  readonly up: Pipe;
  readonly down: Pipe;
  isOpen(): boolean;
  /** The agent's side is over, with why. At once when it is already. */
  onClosed(tell: (why: string) => void): void;
  /** The control plane's side is over. */
  onServerEnd(tell: () => void): void;
  /** The agent lets go. */
  close(): void;
}

/** The sockets of one host that are open, for those who cut them. */
export interface Sockets {
  /** Both sides hear of it. */
  reset(): void;
  /** Nothing gets through any more and nobody is told. */
  die(): void;
  add(socket: { reset(): void; die(): void }): () => void;
  /** How many the agent has open. */
  count(): number;
}

/** How long the control plane's pings go unanswered until it lets go of a dead connection. */
const DETECTED_MS = 40_000;

export function createSockets(): Sockets {
  const open = new Set<{ reset(): void; die(): void }>();
  return {
    reset: () => [...open].forEach((socket) => socket.reset()),
    die: () => [...open].forEach((socket) => socket.die()),
    add(socket) {
      open.add(socket);
      return () => void open.delete(socket);
    },
    count: () => open.size,
  };
}

export function createSocket(options: {
  world: World;
  server: Serving;
  client: Process;
  place: string;
  sockets: Sockets;
}): Socket {
  const { world, server, client, place, sockets } = options;
  const { timeline, network } = world;
  const random = world.random.stream(`socket ${place} ${timeline.now()}`);
  const up = createPipe({ timeline, network, random }, place, "control-plane");
  const down = createPipe({ timeline, network, random }, "control-plane", place);
  let clientEnd: string | undefined;
  let isServerOver = false;
  const clientListeners: ((why: string) => void)[] = [];
  const serverListeners: (() => void)[] = [];

  function endClient(why: string): void {
    if (clientEnd !== undefined) return;
    clientEnd = why;
    down.break();
    forget();
    for (const tell of clientListeners) tell(why);
  }

  function endServer(): void {
    if (isServerOver) return;
    isServerOver = true;
    up.break();
    server.onEnd.delete(onServerDeath);
    for (const tell of serverListeners) server.process.deliver(tell);
  }

  /** Its kernel closes the connection, if a packet can still get through. */
  function onServerDeath(): void {
    isServerOver = true;
    up.break();
    if (network.cutUntil("control-plane", place) > timeline.now()) return;
    timeline.after(network.delay("control-plane", place), () => endClient("the control plane is gone"));
  }

  const forget = sockets.add({
    reset() {
      up.break();
      down.break();
      timeline.after(network.delay("control-plane", place), () => endClient("connection reset"));
      timeline.after(network.delay(place, "control-plane"), endServer);
    },
    die() {
      up.break();
      down.break();
      timeline.after(DETECTED_MS, endServer);
    },
  });
  server.onEnd.add(onServerDeath);

  return {
    up,
    down,
    isOpen: () => clientEnd === undefined && client.isAlive(),
    onClosed(tell) {
      if (clientEnd === undefined) clientListeners.push(tell);
      else tell(clientEnd);
    },
    onServerEnd(tell) {
      if (isServerOver) tell();
      else serverListeners.push(tell);
    },
    close() {
      up.send(endServer);
      timeline.after(DETECTED_MS, endServer);
      endClient("the connection was closed");
    },
  };
}
