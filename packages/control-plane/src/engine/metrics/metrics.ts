import { imageParts } from "@tartfleet/shared";
import { Registry } from "prom-client";
import type { Database } from "../../store/database.ts";
import type { StoredHost } from "../../store/host-rows.ts";
import type { Parts } from "../parts.ts";
import { inSlices, othersTurn } from "../slices.ts";
import type { UseCases } from "../use-cases.ts";
import { measureEnds } from "./end-metrics.ts";
import { gaugeFleet } from "./fleet-metrics.ts";
import { gaugeHosts } from "./host-metrics.ts";
import { countImages } from "./image-metrics.ts";
import { gaugePlane } from "./plane-metrics.ts";
import { countSlotTime } from "./slot-metrics.ts";
import { measureVms } from "./vm-metrics.ts";
import { measureWebhooks } from "./webhook-metrics.ts";

/** What the control plane tells a monitoring system (docs/metrics.md). */
export interface Metrics {
  /** Others may add theirs: the program its process, HTTP its requests. */
  registry: Registry;
  /** All of it as it stands, in Prometheus' text format. */
  text(): Promise<string>;
  stop(): void;
}

type MeasuredParts = Pick<
  Parts,
  "store" | "leases" | "hearing" | "records" | "fleet" | "clock" | "changes" | "identity"
>;

/** Seconds, from what a cached image takes to what a pull of a hundred gigabytes does. */
const BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600];
/** So many repositories have a label of their own; whoever creates VMs chooses their names. */
const MOST_IMAGES = 200;
/** The same for teams: an issuer of tokens may name any. */
const MOST_TEAMS = 200;

export function startMetrics(
  parts: MeasuredParts,
  {
    version,
    reserve,
    listPools,
  }: { version: string } & Pick<Database, "reserve"> & Pick<UseCases, "listPools">,
): Metrics {
  const registry = new Registry();
  const label = boundedLabels(MOST_IMAGES);
  const imageLabel = (reference: string) => label(imageParts(reference)?.repository ?? reference);
  const refreshPlane = gaugePlane(registry, { ...parts, version, reserve });
  const refreshFleet = gaugeFleet(registry, { ...parts, listPools });
  const hosts = gaugeHosts(registry, parts);
  const teamLabel = boundedLabels(MOST_TEAMS);
  const slots = countSlotTime(registry, parts, teamLabel);
  const stops = [
    measureVms(registry, parts.changes, { image: imageLabel, team: teamLabel }, BUCKETS),
    measureEnds(registry, parts.changes, BUCKETS),
    countImages(registry, parts, imageLabel),
    measureWebhooks(registry, parts),
  ];
  let running: Promise<string> | undefined;

  /** For a large fleet this takes seconds in all, during which others have their turns. */
  async function write(): Promise<string> {
    const all: StoredHost[] = [];
    await inSlices(parts.store.hostNames(), ({ id }) => {
      const host = parts.store.hostById(id);
      if (host) all.push(host);
    });
    refreshPlane();
    refreshFleet(all);
    await hosts.refresh(all);
    slots.refresh();
    const texts: string[] = [];
    for (const { name } of registry.getMetricsAsArray()) {
      texts.push(await registry.getSingleMetricAsString(name));
      await othersTurn();
    }
    return `${texts.join("\n\n")}\n`;
  }

  return {
    registry,
    text() {
      running ??= write().finally(() => (running = undefined));
      return running;
    },
    stop() {
      hosts.stop();
      slots.stop();
      for (const stop of stops) stop();
    },
  };
}

/** Values as they are, until there are too many different ones: those that come then are `other`. */
function boundedLabels(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.size < most) known.add(value);
    return known.has(value) ? value : "other";
  };
}
