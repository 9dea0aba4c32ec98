import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { CallError, toProblem } from "@tartfleet/shared";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import type { FastifyBaseLogger } from "fastify";
import { WebSocketServer } from "ws";
import type { Access, Admission } from "../api/admission.ts";
import { makeBucket } from "../api/bucket.ts";
import { callErrorOf } from "../api/errors.ts";
import { appRouter } from "../api/router.ts";
import type { CallContext } from "../api/trpc.ts";
import { addressOf, type Trust } from "./addresses.ts";
import { boundSocket, closeWithin } from "./bound-socket.ts";
import type { Connections } from "./connections.ts";
import type { Limits } from "./limits.ts";
import { endWithProblem } from "./listener.ts";
import { retryAfter } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";
import { tokenOf } from "./session.ts";
import { logTrpcFailure } from "./trpc-log.ts";

const INVALID = { code: 4401, reason: "the token is no longer valid" };
const GOING_AWAY = { code: 1012, reason: "the control plane is restarting" };

/** tRPC over WebSocket at /trpc, for agents and live clients. */
export interface Sockets {
  /** Closes every socket with 1012, and for good after the time. */
  close(withinMs: number): Promise<void>;
}

/** What sockets work with. */
export interface SocketDeps extends Pick<CallContext, "useCases" | "draining"> {
  admission: Admission;
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
  const { useCases, draining, log, limits, trust } = deps;
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
  /** Of the requests that became sockets. */
  const requestIds = new WeakMap<IncomingMessage, string>();
  const accesses = new WeakMap<IncomingMessage, Access>();

  applyWSSHandler({
    wss,
    router: appRouter,
    maxBatchSize: limits.batchSize,
    keepAlive: { enabled: true, pingMs: limits.socketPingMs, pongWaitMs: limits.socketPongMs },
    createContext: ({ req }) => ({
      useCases,
      draining,
      async enter() {
        const access = accesses.get(req);
        if (!access) throw new Error("there is a socket that was not admitted");
        return access;
      },
      address: addressOf(req, trust),
      requestId: requestIds.get(req) ?? requestIdOf(req),
    }),
    onError: ({ error, path, req }) => logTrpcFailure(log, { error, path, requestId: requestIds.get(req) }),
  });

  const doorway = makeBucket(limits.newSocketRate);

  async function takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const requestId = requestIdOf(request);
    // Until it is a WebSocket nobody else listens, and an error that nobody hears ends the process.
    socket.on("error", () => socket.destroy());
    let access: Access;
    try {
      access = await admitUpgrade(request, socket, deps);
      // After the token was looked at: who has none can keep nobody out.
      if (!doorway.take(performance.now())) {
        throw new CallError("overloaded", "Too many connect at once; come back in a moment", [], {
          retryAfterSeconds: 1,
        });
      }
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
    accesses.set(request, access);
    wss.handleUpgrade(request, socket, head, (client) => {
      boundSocket(client, limits, (reason) => log.warn({ requestId, reason }, "socket cut off"));
      const release = access.whenInvalid(() => {
        log.info({ requestId, reason: INVALID.reason }, "socket cut off");
        closeWithin(client, INVALID, limits.socketCloseMs);
      });
      client.once("close", release);
      wss.emit("connection", client, request);
    });
  }

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    takeUpgrade(request, socket, head).catch((error: unknown) => {
      log.error({ err: error }, "bug");
      socket.destroy();
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
async function admitUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  { draining, admission, connections, trust }: SocketDeps,
): Promise<Access> {
  if (request.url?.split("?", 1)[0] !== "/trpc") {
    throw new CallError("route_not_found", "WebSockets are served at /trpc");
  }
  if (request.headers["sec-websocket-protocol"] !== undefined) {
    throw new CallError("invalid_request", "Subprotocols are not supported; send none");
  }
  const access = await admission.admit(tokenOf(request.headers), addressOf(request, trust));
  access.call();
  // Looked at after the wait: a socket that comes to be now would be closed by nobody.
  if (draining.aborted) throw new CallError("shutting_down", "The control plane is shutting down; come back");
  if (socket.destroyed) throw new CallError("invalid_request", "You left");
  if (!connections.admitSocket(request, socket)) {
    throw new CallError("rate_limited", "Your address has too many sockets open; close some");
  }
  return access;
}
