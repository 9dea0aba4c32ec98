import { Counter, Gauge, type Registry } from "prom-client";
import { probeSays } from "../../domain/breaker.ts";
import { slotUses } from "../../domain/capacity.ts";
import type { Cordon } from "../../domain/cordon.ts";
import type { StoredHost } from "../../store/host-rows.ts";
import { occupancyOf } from "../fleet-view.ts";
import type { Parts } from "../parts.ts";
import { inSlices } from "../slices.ts";

const GIB = 2 ** 30;
/** By this code the doctor tells how many addresses are taken. */
const DHCP_LEASES = "dhcp_leases";

type HostParts = Pick<Parts, "store" | "leases" | "hearing" | "clock" | "changes">;

/**
 * How each host stands, read when it is asked for, and what became of the attempts there. Of a host that is no longer
 * in the fleet nothing is told.
 */
export function gaugeHosts(
  registry: Registry,
  { store, leases, hearing, clock, changes }: HostParts,
): { refresh(hosts: readonly StoredHost[]): Promise<void>; stop(): void } {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers });

  const counts = gauge("tartfleet_hosts", "Registered hosts, each under one state", ["state"]);
  const connected = gauge("tartfleet_host_connected", "1 while the host's agent is heard", ["host"]);
  const age = gauge("tartfleet_host_heartbeat_age_seconds", "How long ago the host was heard last", ["host"]);
  const busy = gauge("tartfleet_host_slots_busy", "Slots that VMs hold", ["host"]);
  const phantoms = gauge("tartfleet_host_slots_phantom", "Slots that something else has", ["host"]);
  const cordoned = gauge(
    "tartfleet_host_cordoned_timestamp_seconds",
    "Since when the host gets nothing new; seconds since 1970",
    ["host", "by"],
  );
  const breaker = gauge(
    "tartfleet_host_breaker_state",
    "1 for the state that the host's circuit breaker is in",
    ["host", "state"],
  );
  const disk = gauge("tartfleet_host_disk_free_bytes", "Free disk where the images are", ["host"]);
  const addresses = gauge("tartfleet_host_dhcp_leases", "Addresses for VMs that are taken", ["host"]);
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
  const attempts = new Counter({
    name: "tartfleet_host_attempts_total",
    help: "Attempts that say something of their host: ready or failed",
    labelNames: ["host", "outcome"],
    registers,
  });
  let shown: readonly string[] = [];

  const unsubscribe = changes.onPhase(({ hostId, verdict }) => {
    const says = probeSays(verdict);
    if (hostId === null || says === undefined) return;
    attempts.inc({ host: store.hostName(hostId), outcome: says === "sound" ? "ready" : "failed" });
  });

  function show(stored: StoredHost): void {
    const { id, name: host, facts, cordon } = stored;
    const uses = slotUses(occupancyOf(stored));
    const isConnected = leases.isConnected(id);
    counts.inc({ state: isConnected ? (cordon ? "cordoned" : "open") : "silent" });
    connected.set({ host }, isConnected ? 1 : 0);
    const heardAt = hearing.lastHeardAt(id);
    if (heardAt !== undefined) age.set({ host }, Math.max(0, clock.now() - heardAt) / 1000);
    busy.set({ host }, uses.filter((use) => use === "busy").length);
    phantoms.set({ host }, uses.filter((use) => use === "phantom").length);
    if (cordon) cordoned.set({ host, by: cordon.breaker ? "breaker" : "person" }, cordon.since / 1000);
    breaker.set({ host, state: breakerState(cordon) }, 1);
    if (!facts) return;
    disk.set({ host }, facts.diskFreeGiB * GIB);
    const { agentVersion, tartVersion, osVersion } = facts;
    info.set({ host, agent_version: agentVersion, tart_version: tartVersion, os_version: osVersion }, 1);
    for (const { code, state, value } of facts.findings ?? []) {
      if (state !== "ok") findings.inc({ host, state });
      if (code === DHCP_LEASES && value !== undefined) addresses.set({ host }, value);
    }
  }

  return {
    async refresh(hosts) {
      for (const metric of [connected, age, busy, phantoms, cordoned, breaker, disk]) metric.reset();
      for (const metric of [addresses, findings, info, counts]) metric.reset();
      for (const state of ["open", "cordoned", "silent"]) counts.set({ state }, 0);
      await inSlices(hosts, show);
      const names = hosts.map(({ name }) => name);
      const present = new Set(names);
      for (const outcome of ["ready", "failed"]) {
        for (const host of shown) if (!present.has(host)) attempts.remove({ host, outcome });
        // From 0 on, or Prometheus would not see the first.
        await inSlices(names, (host) => attempts.inc({ host, outcome }, 0));
      }
      shown = names;
    },
    stop: unsubscribe,
  };
}

function breakerState(cordon: Cordon | null): "closed" | "open" | "probing" {
  if (!cordon?.breaker) return "closed";
  return cordon.breaker.probingSince === null ? "open" : "probing";
}
