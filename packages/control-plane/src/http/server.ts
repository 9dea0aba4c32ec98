import { once } from "node:events";
import { makeApp, type AppDeps } from "./app.ts";
import type { Listener } from "./listener.ts";
import { serveSockets } from "./websocket.ts";

export interface HttpServer {
  /** Stops accepting, lets requests finish, closes sockets (1012); after `drainMs` cuts what is left. */
  close(): Promise<void>;
}

export type ServerDeps = Omit<AppDeps, "draining">;

/** Serves REST, tRPC and its WebSockets on a listener. */
export async function serve(listener: Listener, deps: ServerDeps): Promise<HttpServer> {
  const { server } = listener;
  const { limits } = deps;
  const shutdown = new AbortController();
  const draining = shutdown.signal;
  const sockets = serveSockets(server, { ...deps, draining });
  const app = await makeApp(listener, { ...deps, draining });

  return {
    async close() {
      const closed = once(server, "close");
      shutdown.abort();
      server.close();
      // A connection that was busy when the server closed is idle after its answer, and then ours to end.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const cut = setTimeout(() => server.closeAllConnections(), limits.drainMs);
      await sockets.close(limits.socketCloseMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cut);
      await app.close();
    },
  };
}
