import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { Empty, Failed, Page, Waiting } from "../parts/page.tsx";
import { PageLink } from "../parts/links.tsx";
import { LOOKS, type FleetFilter } from "../fleet/filter.ts";
import type { Sessions } from "../session/session.ts";
import { oneOf, text } from "./search.ts";
import { Shell } from "./shell.tsx";

const root = createRootRouteWithContext<{ sessions: Sessions }>()({
  component: function Root() {
    return <Shell sessions={root.useRouteContext().sessions} />;
  },
  notFoundComponent: () => (
    <Page title="Not found">
      <Empty title="There is no such page">
        <PageLink to="/">To the fleet</PageLink>
      </Empty>
    </Page>
  ),
});

const fleet = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search): FleetFilter => ({
    ...text(search, "name", "label", "image", "team"),
    ...oneOf(search, "state", LOOKS),
  }),
  component: lazyRouteComponent(() => import("../fleet/fleet-page.tsx"), "FleetPage"),
});

const queue = createRoute({
  getParentRoute: () => root,
  path: "/queue",
  component: lazyRouteComponent(() => import("../queue/queue-page.tsx"), "QueuePage"),
});

export function makeRouter(sessions: Sessions) {
  return createRouter({
    routeTree: root.addChildren([fleet, queue]),
    context: { sessions },
    defaultPendingComponent: Waiting,
    defaultErrorComponent: ({ error, reset }) => (
      <Failed error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
    ),
    scrollRestoration: true,
    defaultPreload: "intent",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
