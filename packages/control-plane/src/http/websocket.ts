import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { CallError, toProblem } from "@tartfleet/shared";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import type { FastifyBaseLogger } from "fastify";
import { WebSocketServer } from "ws";
import { bearerOf } from "../api/authenticate.ts";
import { callErrorOf } from "../api/errors.ts";
import { appRouter } from "../api/router.ts";
import type { CallContext } from "../api/trpc.ts";
import { addressOf, type Trust } from "./addresses.ts";
import { boundSocket } from "./bound-socket.ts";
import type { Connections } from "./connections.ts";
import type { Limits } from "./limits.ts";
import { endWithProblem } from "./listener.ts";
import { retryAfter } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";
import { logTrpcFailure } from "./trpc-log.ts";

const GOING_AWAY = { code: 1012, reason: "the control plane is restarting" };

/** tRPC over WebSocket at /trpc, for agents and live clients. */
export interface Sockets {
  /** Closes every socket with 1012, and for good after the time. */
  close(withinMs: number): Promise<void>;
}

/** What sockets work with. */
export interface SocketDeps extends Pick<CallContext, "useCases" | "draining" | "admission"> {
  trust: Trust;
  connections: Connections;
  log: FastifyBaseLogger;
  limits: Limits;
}

/**
 * Takes the server's upgrades. Who may not call is refused there, with a plain HTTP answer, before a socket
 * exists; so there are no sockets whose owner is unknown.
 */
export function serveSockets(server: Server, deps: SocketDeps): Sockets {
  const { useCases, draining, admission, log, limits, trust } = deps;
  const wss = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: limits.socketMessageBytes,
    maxFragments: 128,
    maxBufferedChunks: 4096,
    perMessageDeflate: false,
    // boundSocket answers, so that pings count.
    autoPong: false,
  });
  const requestIds = new WeakMap<IncomingMessage, string>();

  applyWSSHandler({
    wss,
    router: appRouter,
    maxBatchSize: limits.batchSize,
    keepAlive: { enabled: true, pingMs: limits.socketPingMs, pongWaitMs: limits.socketPongMs },
    createContext: ({ req }) => ({
      useCases,
      draining,
      admission,
      bearer: bearerOf(req.headers.authorization),
      address: addressOf(req, trust),
      requestId: requestIds.get(req) ?? requestIdOf(req),
    }),
    onError: ({ error, path, req }) => logTrpcFailure(log, { error, path, requestId: requestIds.get(req) }),
  });

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const requestId = requestIdOf(request);
    try {
      admitUpgrade(request, socket, deps);
    } catch (error) {
      const refusal = callErrorOf(error);
      log.info({ requestId, route: "/trpc", code: refusal.code }, "upgrade refused");
      endWithProblem(socket, toProblem(refusal, requestId), {
        ...(refusal.code === "unauthenticated" ? { "www-authenticate": 'Bearer realm="tartfleet"' } : {}),
        ...retryAfter(refusal),
      });
      return;
    }
    requestIds.set(request, requestId);
    wss.handleUpgrade(request, socket, head, (client) => {
      boundSocket(client, limits, (reason) => log.warn({ requestId, reason }, "socket cut off"));
      wss.emit("connection", client, request);
    });
  });

  return {
    async close(withinMs) {
      const open = [...wss.clients];
      const closed = Promise.all(open.map((client) => new Promise((done) => client.once("close", done))));
      for (const client of open) client.close(GOING_AWAY.code, GOING_AWAY.reason);
      const timer = setTimeout(() => open.forEach((client) => client.terminate()), withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** @throws CallError that says why there is no socket for this request */
function admitUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  { draining, admission, connections, trust }: SocketDeps,
): void {
  if (request.url?.split("?", 1)[0] !== "/trpc") {
    throw new CallError("route_not_found", "WebSockets are served at /trpc");
  }
  if (request.headers["sec-websocket-protocol"] !== undefined) {
    throw new CallError("invalid_request", "Subprotocols are not supported; send none");
  }
  if (draining.aborted) throw new CallError("shutting_down", "The control plane is shutting down; come back");
  admission.admit(bearerOf(request.headers.authorization), addressOf(request, trust));
  if (!connections.admitSocket(request, socket)) {
    throw new CallError("rate_limited", "Your address has too many sockets open; close some");
  }
}
