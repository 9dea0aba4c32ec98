import { CallError } from "@tartfleet/shared";
import type { App } from "../api/rest/app.ts";

/**
 * Gives every route an answer to the methods it does not take: 405 with `Allow`, and 204 with `Allow` to
 * OPTIONS. Call it after the last route.
 */
export function refuseOtherMethods(app: App, routes: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, taken] of routes) {
    const allow = [...taken, "OPTIONS"].sort().join(", ");
    app.route({
      method: app.supportedMethods.filter((method) => !taken.has(method)),
      url,
      schema: { hide: true },
      // Before a body is looked at: what it is does not matter here.
      onRequest: async (request, reply) => {
        reply.header("allow", allow);
        if (request.method === "OPTIONS") return reply.code(204).send();
        throw new CallError("method_not_allowed", `Use ${allow}`);
      },
      handler: async () => {},
    });
  }
}

/** Records each route's methods as they are added. */
export function recordMethods(app: App): ReadonlyMap<string, ReadonlySet<string>> {
  const routes = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const taken = routes.get(url) ?? new Set();
    for (const name of [method].flat()) taken.add(name);
    routes.set(url, taken);
  });
  return routes;
}
