import { Counter, Gauge, type Registry } from "prom-client";
import { capacityOf, slotUses } from "../../domain/capacity.ts";
import type { StoredHost } from "../../store/hosts.ts";
import { occupancyOf } from "../fleet-view.ts";
import type { Parts } from "../parts.ts";
import type { UseCases } from "../use-cases.ts";

const GIB = 2 ** 30;

type FleetParts = Pick<Parts, "store" | "leases" | "records" | "fleet" | "clock"> &
  Pick<UseCases, "listPools">;

/**
 * How the fleet stands. Read when it is asked for, because that costs something for each host.
 *
 * @returns what brings the gauges up to date
 */
export function gaugeFleet(registry: Registry, parts: FleetParts): () => void {
  const { store, leases, records, fleet, clock, listPools } = parts;
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });

  const slots = gauge("tartfleet_slots", "The fleet's macOS slots, each under one state", ["state"]);
  const vms = gauge("tartfleet_vms", "Live VMs", ["state"]);
  const depth = gauge("tartfleet_queue_depth", "VMs that wait for a slot", ["team", "priority"]);
  const oldest = gauge("tartfleet_queue_oldest_age_seconds", "How long the oldest of those waits", [
    "team",
    "priority",
  ]);
  const hosts = gauge("tartfleet_hosts", "Registered hosts, each under one state", ["state"]);
  const connected = gauge("tartfleet_host_connected", "1 while the host's agent is heard", ["host"]);
  const busy = gauge("tartfleet_host_slots_busy", "Slots that VMs hold", ["host"]);
  const phantoms = gauge("tartfleet_host_slots_phantom", "Slots that something else has", ["host"]);
  const cordoned = gauge(
    "tartfleet_host_cordoned_timestamp_seconds",
    "Since when the host gets nothing new; seconds since 1970",
    ["host", "by"],
  );
  const disk = gauge("tartfleet_host_disk_free_bytes", "Free disk where the images are", ["host"]);
  const findings = gauge("tartfleet_host_findings", "What the host's doctor found, without what is well", [
    "host",
    "state",
  ]);
  const info = gauge("tartfleet_host_info", "Always 1; the versions that the host runs", [
    "host",
    "agent_version",
    "tart_version",
    "os_version",
  ]);
  const pulls = gauge("tartfleet_image_pulls", "Images that are being pulled", []);
  const idle = gauge("tartfleet_pool_idle", "Warm VMs that stand by", ["pool"]);
  const hits = counter("tartfleet_pool_hits_total", "VMs that took a warm one over", ["pool"]);
  const misses = counter("tartfleet_pool_misses_total", "VMs of a pool's kind that found none", ["pool"]);

  const stoodBy = counter("tartfleet_pool_idle_seconds_total", "How long a pool's VMs have stood by", [
    "pool",
  ]);

  function showHost(host: StoredHost): void {
    const { name, facts, cordon } = host;
    const uses = slotUses(occupancyOf(host));
    connected.set({ host: name }, leases.isConnected(host.id) ? 1 : 0);
    busy.set({ host: name }, uses.filter((use) => use === "busy").length);
    phantoms.set({ host: name }, uses.filter((use) => use === "phantom").length);
    if (cordon) cordoned.set({ host: name, by: cordon.breaker ? "breaker" : "person" }, cordon.since / 1000);
    if (!facts) return;
    disk.set({ host: name }, facts.diskFreeGiB * GIB);
    const { agentVersion, tartVersion, osVersion } = facts;
    info.set(
      { host: name, agent_version: agentVersion, tart_version: tartVersion, os_version: osVersion },
      1,
    );
    for (const { state } of facts.findings ?? []) if (state !== "ok") findings.inc({ host: name, state });
    pulls.inc(facts.pulls?.length ?? 0);
  }

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

  return () => {
    for (const metric of [slots, vms, depth, oldest, hosts, connected, busy, phantoms, cordoned, disk]) {
      metric.reset();
    }
    for (const metric of [findings, info, pulls, idle, hits, misses, stoodBy]) metric.reset();
    const all = store.hosts();
    const counts = capacityOf(all.map(records.occupancy), []).slots;
    for (const state of ["busy", "free", "phantom", "unreachable", "cordoned"] as const) {
      slots.set({ state }, counts[state]);
    }
    for (const { state, count } of store.liveImages()) vms.inc({ state }, count);
    for (const state of ["open", "cordoned", "silent"]) hosts.set({ state }, 0);
    for (const host of all) {
      hosts.inc({ state: leases.isConnected(host.id) ? (host.cordon ? "cordoned" : "open") : "silent" });
      showHost(host);
    }
    showQueue();
    for (const pool of listPools()) {
      idle.set({ pool: pool.name }, pool.idle);
      hits.inc({ pool: pool.name }, pool.hits);
      misses.inc({ pool: pool.name }, pool.misses);
      stoodBy.inc({ pool: pool.name }, pool.idleMinutes * 60);
    }
  };
}
