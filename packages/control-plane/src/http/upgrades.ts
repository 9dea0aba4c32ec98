import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { CallError, toProblem } from "@tartfleet/shared";
import type { FastifyBaseLogger } from "fastify";
import type { Access, Admission } from "../api/admission.ts";
import { makeBucket } from "../api/bucket.ts";
import { callErrorOf } from "../api/errors.ts";
import type { CallContext } from "../api/trpc.ts";
import type { Caller } from "../engine/use-cases.ts";
import { addressOf, type Trust } from "./addresses.ts";
import type { Connections } from "./connections.ts";
import type { Limits } from "./limits.ts";
import { endWithProblem } from "./listener.ts";
import { retryAfter } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";
import { tokenOf } from "./session.ts";
import { makeSocketRates, type Spend } from "./socket-rates.ts";

/** A request for a WebSocket whose token is valid. */
export interface Admitted {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  access: Access;
  caller: Caller;
  /** Counts what comes over the socket. */
  spend: Spend;
}

/** What is served under a path. Until it has made a WebSocket of the request, it may throw why it does not. */
export interface Route {
  /** For the log: the path as it is documented. */
  name: string;
  enter(admitted: Admitted): Promise<void> | void;
}

/** What upgrades are taken with. */
export interface UpgradeDeps extends Pick<CallContext, "useCases" | "draining"> {
  admission: Admission;
  trust: Trust;
  connections: Connections;
  log: FastifyBaseLogger;
  limits: Limits;
}

/**
 * Takes the server's upgrades. Who may not call is refused here, with a plain HTTP answer, before a socket
 * exists; so there are no sockets whose owner is unknown.
 */
export function takeUpgrades(
  server: Server,
  deps: UpgradeDeps,
  routeOf: (path: string) => Route | undefined,
): void {
  const { log, limits } = deps;
  const doorway = makeBucket(limits.newSocketRate);
  const spendOf = makeSocketRates(limits);

  async function take(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const requestId = requestIdOf(request);
    // Until it is a WebSocket nobody else listens, and an error that nobody hears ends the process.
    socket.on("error", () => socket.destroy());
    const route = routeOf(request.url?.split("?", 1)[0] ?? "");
    try {
      if (!route) throw new CallError("route_not_found", "No WebSocket is served there; /trpc is one");
      const { access, caller } = await admit(request, socket, deps, requestId);
      // After the token was looked at: who has none, or calls all the time, can keep nobody out.
      const spend = spendOf(caller.principal);
      const waitMs = spend(1);
      if (waitMs > 0) {
        throw new CallError("rate_limited", "Your sockets have sent too much; wait", [], {
          retryAfterSeconds: Math.ceil(waitMs / 1000),
        });
      }
      if (!doorway.take(performance.now())) {
        throw new CallError("overloaded", "Too many connect at once; come back in a moment", [], {
          retryAfterSeconds: 1,
        });
      }
      await route.enter({ request, socket, head, access, caller, spend });
    } catch (error) {
      const refusal = callErrorOf(error);
      if (refusal.code === "internal") log.error({ requestId, err: error }, "bug");
      log.info({ requestId, route: route?.name ?? "unknown", code: refusal.code }, "upgrade refused");
      endWithProblem(socket, toProblem(refusal, requestId), {
        ...(refusal.code === "unauthenticated" ? { "www-authenticate": 'Bearer realm="tartfleet"' } : {}),
        ...retryAfter(refusal),
      });
    }
  }

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    take(request, socket, head).catch((error: unknown) => {
      log.error({ err: error }, "bug");
      socket.destroy();
    });
  });
}

/** @throws CallError that says why there is no socket for this request */
async function admit(
  request: IncomingMessage,
  socket: Duplex,
  { draining, admission, connections, trust }: UpgradeDeps,
  requestId: string,
): Promise<Pick<Admitted, "access" | "caller">> {
  if (request.headers["sec-websocket-protocol"] !== undefined) {
    throw new CallError("invalid_request", "Subprotocols are not supported; send none");
  }
  const address = addressOf(request, trust);
  const access = await admission.admit(tokenOf(request.headers), address);
  const principal = access.call();
  // Looked at after the wait: a socket that comes to be now would be closed by nobody.
  if (draining.aborted) throw new CallError("shutting_down", "The control plane is shutting down; come back");
  if (socket.destroyed) throw new CallError("invalid_request", "You left");
  if (!connections.admitSocket(request, socket)) {
    throw new CallError("rate_limited", "Your address has too many sockets open; close some");
  }
  return { access, caller: { principal, requestId, address } };
}
