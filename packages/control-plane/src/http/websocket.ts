import { getWSConnectionHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { holdAccess } from "../api/held-access.ts";
import { appRouter } from "../api/router.ts";
import type { Clock } from "../engine/clock.ts";
import { boundSocket, closeWithin } from "./bound-socket.ts";
import { drained } from "./drained.ts";
import { socketEncoder } from "./encoder.ts";
import { keepAlive } from "./keep-alive.ts";
import { logTrpcFailure } from "./trpc-log.ts";
import type { Route, UpgradeDeps } from "./upgrades.ts";

const INVALID = { code: 4401, reason: "the token is no longer valid" };
const GOING_AWAY = { code: 1012, reason: "the control plane is restarting" };

/** tRPC over WebSocket at /trpc, for agents and live clients. */
interface Sockets {
  route: Route;
  /** Closes every socket with 1012, and for good after the time. */
  close(withinMs: number): Promise<void>;
}

interface SocketDeps extends Pick<UpgradeDeps, "useCases" | "draining" | "log" | "limits"> {
  clock: Clock;
}

export function serveSockets({ useCases, draining, log, limits, clock }: SocketDeps): Sockets {
  const wss = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: limits.socketMessageBytes,
    maxFragments: 128,
    maxBufferedChunks: 4096,
    perMessageDeflate: false,
    // Who sends many messages at once has one of them served when everybody's turn comes round.
    allowSynchronousEvents: false,
    // boundSocket answers, so that pings count.
    autoPong: false,
  });
  const peers = keepAlive(clock, limits);

  return {
    route: {
      name: "/trpc",
      enter({ request, socket, head, access, caller, spend }) {
        const { requestId } = caller;
        const address = caller.address ?? "";
        wss.handleUpgrade(request, socket, head, (client) => {
          const say = (reason: string, message: string) => log.warn({ requestId, reason }, message);
          const count = boundSocket(client, limits, spend, {
            onSlowed: () => say("too many messages", "socket slowed down"),
            onCut: () => say("the peer does not read", "socket cut off"),
          });
          peers.watch(client);
          const held = holdAccess(access, caller.principal);
          client.once("close", held.release);
          held.whenInvalid(() => {
            log.info({ requestId, reason: INVALID.reason }, "socket cut off");
            closeWithin(client, INVALID, limits.socketCloseMs);
          });
          const serve = getWSConnectionHandler({
            wss,
            router: appRouter,
            maxBatchSize: limits.batchSize,
            createContext: () => ({
              useCases,
              draining,
              enter: async () => held,
              address,
              requestId,
              drained: () => drained(socket),
            }),
            onError: ({ error, path }) => logTrpcFailure(log, { error, path, requestId }),
            // Each message has been counted as one.
            experimental_encoder: socketEncoder((calls) => count(Math.max(0, calls - 1))),
          });
          serve(client, request);
        });
      },
    },
    async close(withinMs) {
      peers.stop();
      const open = [...wss.clients];
      const closed = Promise.all(open.map((client) => new Promise((done) => client.once("close", done))));
      for (const client of open) client.close(GOING_AWAY.code, GOING_AWAY.reason);
      const timer = setTimeout(() => open.forEach((client) => client.terminate()), withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
