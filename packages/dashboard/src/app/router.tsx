import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { Empty, Failed, Page, Waiting } from "../parts/page.tsx";
import { PageLink } from "../parts/links.tsx";
import { LOOKS, type FleetFilter } from "../fleet/filter.ts";
import type { AuditFilter } from "../audit/filter.ts";
import { TROUBLES, type HostsFilter } from "../hosts/filter.ts";
import type { TokensFilter } from "../tokens/standing.ts";
import type { Sessions } from "../session/session.ts";
import { QUANTILES, RANGE_NAMES, type ChartsView } from "../charts/ranges.ts";
import { BY, DAYS, type AccountsView } from "../accounts/view.ts";
import { oneOf, text } from "./search.ts";
import { VM_FILTER_STATES, type VmsFilter } from "../vms/filter.ts";
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

const vms = createRoute({
  getParentRoute: () => root,
  path: "/vms",
  validateSearch: (search): VmsFilter => ({
    ...text(search, "name", "team", "host", "jobId", "label"),
    ...oneOf(search, "state", VM_FILTER_STATES),
  }),
  component: lazyRouteComponent(() => import("../vms/vms-page.tsx"), "VmsPage"),
});

const vm = createRoute({
  getParentRoute: () => root,
  path: "/vms/$id",
  component: lazyRouteComponent(() => import("../vms/vm-page.tsx"), "VmPage"),
});

const hosts = createRoute({
  getParentRoute: () => root,
  path: "/hosts",
  validateSearch: (search): HostsFilter => ({
    ...text(search, "name", "label"),
    ...oneOf(search, "state", TROUBLES),
  }),
  component: lazyRouteComponent(() => import("../hosts/hosts-page.tsx"), "HostsPage"),
});

const host = createRoute({
  getParentRoute: () => root,
  path: "/hosts/$name",
  component: lazyRouteComponent(() => import("../hosts/host-page.tsx"), "HostPage"),
});

const images = createRoute({
  getParentRoute: () => root,
  path: "/images",
  component: lazyRouteComponent(() => import("../images/images-page.tsx"), "ImagesPage"),
});

const image = createRoute({
  getParentRoute: () => root,
  path: "/images/$reference",
  component: lazyRouteComponent(() => import("../images/image-page.tsx"), "ImagePage"),
});

const pools = createRoute({
  getParentRoute: () => root,
  path: "/pools",
  component: lazyRouteComponent(() => import("../pools/pools-page.tsx"), "PoolsPage"),
});

const teams = createRoute({
  getParentRoute: () => root,
  path: "/teams",
  component: lazyRouteComponent(() => import("../teams/teams-page.tsx"), "TeamsPage"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (search): AuditFilter => text(search, "actor", "action", "subject", "since"),
  component: lazyRouteComponent(() => import("../audit/audit-page.tsx"), "AuditPage"),
});

const tokens = createRoute({
  getParentRoute: () => root,
  path: "/tokens",
  validateSearch: (search): TokensFilter => oneOf(search, "show", ["ended"]),
  component: lazyRouteComponent(() => import("../tokens/tokens-page.tsx"), "TokensPage"),
});

const charts = createRoute({
  getParentRoute: () => root,
  path: "/charts",
  validateSearch: (search): ChartsView => ({
    ...oneOf(search, "range", RANGE_NAMES),
    ...oneOf(search, "quantile", QUANTILES),
  }),
  component: lazyRouteComponent(() => import("../charts/charts-page.tsx"), "ChartsPage"),
});

const accounts = createRoute({
  getParentRoute: () => root,
  path: "/accounts",
  validateSearch: (search): AccountsView => ({
    ...oneOf(search, "days", DAYS),
    ...oneOf(search, "by", BY),
    ...text(search, "label"),
  }),
  component: lazyRouteComponent(() => import("../accounts/accounts-page.tsx"), "AccountsPage"),
});

const webhooks = createRoute({
  getParentRoute: () => root,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("../webhooks/webhooks-page.tsx"), "WebhooksPage"),
});

export function makeRouter(sessions: Sessions) {
  return createRouter({
    routeTree: root.addChildren([
      fleet,
      queue,
      vms,
      vm,
      hosts,
      host,
      images,
      image,
      pools,
      teams,
      webhooks,
      audit,
      tokens,
      charts,
      accounts,
    ]),
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
