import type { App, RestDeps } from "./app.ts";
import { auditRoutes } from "./audit.ts";
import { channelRoutes } from "./channels.ts";
import { fleetRoutes } from "./fleet.ts";
import { historyRoutes } from "./history.ts";
import { hostRoutes } from "./hosts.ts";
import { imageRoutes } from "./images.ts";
import { metricsRoutes } from "./metrics.ts";
import { poolRoutes } from "./pools.ts";
import { reportRoutes } from "./reports.ts";
import { teamRoutes } from "./teams.ts";
import { tokenRoutes } from "./tokens.ts";
import { vmEventRoutes } from "./vm-events.ts";
import { vmRoutes } from "./vms.ts";
import { webhookRoutes } from "./webhooks.ts";

/** The whole REST API. */
export function restRoutes(app: App, deps: RestDeps): void {
  for (const addRoutes of [
    vmRoutes,
    vmEventRoutes,
    hostRoutes,
    fleetRoutes,
    imageRoutes,
    teamRoutes,
    channelRoutes,
    poolRoutes,
    tokenRoutes,
    historyRoutes,
    webhookRoutes,
    reportRoutes,
    auditRoutes,
    metricsRoutes,
  ]) {
    addRoutes(app, deps);
  }
}
