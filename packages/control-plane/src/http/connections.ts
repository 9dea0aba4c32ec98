import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyBaseLogger } from "fastify";
import { makeBucket } from "../api/bucket.ts";
import { sourceOf } from "../api/source.ts";
import { addressOf, type Trust } from "./addresses.ts";
import type { Limits } from "./limits.ts";

/** Refusing costs next to nothing, so telling of it must not cost more. */
const TELL = { burst: 1, perSecond: 1 / 60 };

/** Who has how many connections. */
export interface Connections {
  /** Counts a WebSocket that a proxy of ours brings for its caller's address; false when that one has too many. */
  admitSocket(request: IncomingMessage, socket: Duplex): boolean;
}

/**
 * Bounds the server's connections, in sum and from one address. Those of a trusted proxy are not its own:
 * only the lasting ones, sockets, are counted there, for whom it names.
 */
export function limitConnections(
  server: Server,
  limits: Pick<Limits, "connections" | "connectionsPerAddress">,
  { trust, log }: { trust: Trust; log: FastifyBaseLogger },
): Connections {
  const open = new Map<string, number>();
  const telling = makeBucket(TELL);
  const tell = (about: Record<string, unknown>) => {
    if (telling.take(performance.now())) log.warn(about, "connections refused: there are too many");
  };

  function enter(source: string, socket: Duplex): boolean {
    const count = open.get(source) ?? 0;
    if (count >= limits.connectionsPerAddress) {
      tell({ from: source, limit: limits.connectionsPerAddress });
      return false;
    }
    open.set(source, count + 1);
    socket.once("close", () => {
      const left = (open.get(source) ?? 1) - 1;
      if (left > 0) open.set(source, left);
      else open.delete(source);
    });
    return true;
  }

  server.maxConnections = limits.connections;
  server.on("drop", () => tell({ limit: limits.connections }));
  server.on("connection", (socket: Socket) => {
    if (isProxy(socket, trust)) return;
    if (!enter(sourceOf(socket.remoteAddress), socket)) socket.destroy();
  });

  return {
    admitSocket: (request, socket) =>
      !isProxy(request.socket, trust) || enter(sourceOf(addressOf(request, trust)), socket),
  };
}

function isProxy({ remoteAddress }: Socket, trust: Trust): boolean {
  return remoteAddress !== undefined && trust(remoteAddress, 0);
}
