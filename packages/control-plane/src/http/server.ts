import { once } from "node:events";
import { makeAdmission } from "../api/admission.ts";
import type { Clock } from "../engine/clock.ts";
import type { Oidc } from "../oidc/oidc.ts";
import { trustOf } from "./addresses.ts";
import { makeApp, type AppDeps } from "./app.ts";
import { limitConnections } from "./connections.ts";
import type { Listener } from "./listener.ts";
import { serveTunnels } from "./tunnels.ts";
import { takeUpgrades } from "./upgrades.ts";
import { serveSockets } from "./websocket.ts";

export interface HttpServer {
  /** Stops accepting, lets requests finish, closes sockets (1012); after `drainMs` cuts what is left. */
  close(): Promise<void>;
}

export interface ServerDeps extends Omit<AppDeps, "draining" | "trust" | "admission"> {
  /** Takes JSON Web Tokens for identities; none when there is none. */
  oidc?: Oidc | undefined;
  /** Addresses and ranges of the proxies in front of us. */
  trustedProxies: readonly string[];
  clock: Clock;
}

/** Serves REST, tRPC, its WebSockets and tunnels on a listener. */
export async function serve(listener: Listener, deps: ServerDeps): Promise<HttpServer> {
  const { server } = listener;
  const { limits } = deps;
  const shutdown = new AbortController();
  const draining = shutdown.signal;
  const trust = trustOf(deps.trustedProxies);
  const connections = limitConnections(server, limits, { trust, log: deps.log });
  const admission = makeAdmission(deps.useCases, limits, deps.oidc);
  const sockets = serveSockets({ ...deps, draining });
  const tunnels = serveTunnels(deps);
  takeUpgrades(server, { ...deps, draining, trust, connections, admission }, (path) =>
    path === "/trpc" ? sockets.route : tunnels.routeOf(path),
  );
  const app = await makeApp(listener, { ...deps, draining, trust, admission });

  return {
    async close() {
      const closed = once(server, "close");
      shutdown.abort();
      server.close();
      // A connection that was busy when the server closed is idle after its answer, and then ours to end.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const cut = setTimeout(() => server.closeAllConnections(), limits.drainMs);
      await Promise.all([sockets.close(limits.socketCloseMs), tunnels.close()]);
      await closed;
      clearInterval(sweep);
      clearTimeout(cut);
      await app.close();
    },
  };
}
