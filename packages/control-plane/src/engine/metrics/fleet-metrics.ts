import { Counter, Gauge, type Registry } from "prom-client";
import { capacityOf } from "../../domain/capacity.ts";
import type { StoredHost } from "../../store/host-rows.ts";
import type { Parts } from "../parts.ts";
import type { UseCases } from "../use-cases.ts";

const GIB = 2 ** 30;

type FleetParts = Pick<Parts, "store" | "records" | "fleet" | "clock"> & Pick<UseCases, "listPools">;

/**
 * How the fleet as a whole stands. Read when it is asked for, because that costs something for each host.
 *
 * @returns what brings the gauges up to date
 */
export function gaugeFleet(
  registry: Registry,
  { store, records, fleet, clock, listPools }: FleetParts,
): (hosts: readonly StoredHost[]) => void {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers });

  const slots = gauge("tartfleet_slots", "The fleet's macOS slots, each under one state", ["state"]);
  const vms = gauge("tartfleet_vms", "Live VMs", ["state"]);
  const depth = gauge("tartfleet_queue_depth", "VMs that wait for a slot", ["team", "priority"]);
  const oldest = gauge("tartfleet_queue_oldest_age_seconds", "How long the oldest of those waits", [
    "team",
    "priority",
  ]);
  const pulls = gauge("tartfleet_image_pulls", "Images that are being pulled", []);
  const largest = gauge("tartfleet_image_largest_bytes", "The largest image that any host has", []);
  const idle = gauge("tartfleet_pool_idle", "Warm VMs that stand by", ["pool"]);
  const hits = counter("tartfleet_pool_hits_total", "VMs that took a warm one over", ["pool"]);
  const misses = counter("tartfleet_pool_misses_total", "VMs of a pool's kind that found none", ["pool"]);
  const stoodBy = counter("tartfleet_pool_idle_seconds_total", "How long a pool's VMs have stood by", [
    "pool",
  ]);

  function showQueue(): void {
    const now = clock.now();
    const since = new Map<string, number>();
    for (const { team, priority, requests } of fleet.view.queue.lines()) {
      depth.inc({ team, priority }, requests.length);
      const key = JSON.stringify([team, priority]);
      const earliest = Math.min(since.get(key) ?? now, requests[0]?.since ?? now);
      since.set(key, earliest);
      oldest.set({ team, priority }, Math.max(0, now - earliest) / 1000);
    }
  }

  function showImages(hosts: readonly StoredHost[]): void {
    const facts = hosts.flatMap((host) => host.facts ?? []);
    pulls.set(facts.reduce((sum, told) => sum + (told.pulls?.length ?? 0), 0));
    const largestGiB = facts.reduce(
      (most, { images }) => images.reduce((of, { sizeGiB }) => Math.max(of, sizeGiB), most),
      0,
    );
    largest.set(largestGiB * GIB);
  }

  function showPools(): void {
    for (const pool of listPools()) {
      idle.set({ pool: pool.name }, pool.idle);
      hits.inc({ pool: pool.name }, pool.hits);
      misses.inc({ pool: pool.name }, pool.misses);
      stoodBy.inc({ pool: pool.name }, pool.idleMinutes * 60);
    }
  }

  return (hosts) => {
    for (const metric of [slots, vms, depth, oldest, idle, hits, misses, stoodBy]) metric.reset();
    const counts = capacityOf(hosts.map(records.occupancy), []).slots;
    for (const state of ["busy", "free", "phantom", "unreachable", "cordoned"] as const) {
      slots.set({ state }, counts[state]);
    }
    for (const { state, count } of store.liveImages()) vms.inc({ state }, count);
    showQueue();
    showImages(hosts);
    showPools();
  };
}
