import type { IncomingMessage } from "node:http";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { appRouter } from "../api/router.ts";
import { boundSocket, closeWithin } from "./bound-socket.ts";
import { logTrpcFailure } from "./trpc-log.ts";
import type { Admitted, Route, UpgradeDeps } from "./upgrades.ts";

const INVALID = { code: 4401, reason: "the token is no longer valid" };
const GOING_AWAY = { code: 1012, reason: "the control plane is restarting" };

/** tRPC over WebSocket at /trpc, for agents and live clients. */
interface Sockets {
  route: Route;
  /** Closes every socket with 1012, and for good after the time. */
  close(withinMs: number): Promise<void>;
}

export function serveSockets({
  useCases,
  draining,
  log,
  limits,
}: Pick<UpgradeDeps, "useCases" | "draining" | "log" | "limits">): Sockets {
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
  const admissions = new WeakMap<IncomingMessage, Admitted>();
  const admitted = (request: IncomingMessage): Admitted => {
    const found = admissions.get(request);
    if (!found) throw new Error("there is a socket that was not admitted");
    return found;
  };

  applyWSSHandler({
    wss,
    router: appRouter,
    maxBatchSize: limits.batchSize,
    keepAlive: { enabled: true, pingMs: limits.socketPingMs, pongWaitMs: limits.socketPongMs },
    createContext({ req }) {
      const { access, caller } = admitted(req);
      const { requestId, address } = caller;
      return { useCases, draining, enter: async () => access, address: address ?? "", requestId };
    },
    onError: ({ error, path, req }) =>
      logTrpcFailure(log, { error, path, requestId: admissions.get(req)?.caller.requestId }),
  });

  return {
    route: {
      name: "/trpc",
      enter(entering) {
        const { request, socket, head, access } = entering;
        const { requestId } = entering.caller;
        admissions.set(request, entering);
        wss.handleUpgrade(request, socket, head, (client) => {
          boundSocket(client, limits, (reason) => log.warn({ requestId, reason }, "socket cut off"));
          const release = access.whenInvalid(() => {
            log.info({ requestId, reason: INVALID.reason }, "socket cut off");
            closeWithin(client, INVALID, limits.socketCloseMs);
          });
          client.once("close", release);
          wss.emit("connection", client, request);
        });
      },
    },
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
