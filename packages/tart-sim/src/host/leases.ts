import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sim } from "../sim.ts";
import { writeJsonFile } from "../storage/files.ts";
import { readJsonFile } from "./host-config.ts";
import { fits, isRecord, type Shape } from "./shape.ts";
import { lock } from "./lock-file.ts";
import { isAlive, type ProcessIdentity, self } from "./process-identity.ts";
import { spread } from "./spread.ts";

/** What the Mac's DHCP server knows: leases outlive their VMs (tart-contract §6.1, §6.2). */
interface Lease {
  mac: string;
  ip: string;
  /** False until the guest has asked for it. */
  granted: boolean;
  /** Milliseconds since the epoch. */
  expires: number;
  /** The run that keeps renewing it. */
  holder: ProcessIdentity;
}

const leaseShape: Shape<Lease> = {
  mac: "string",
  ip: "string",
  granted: "boolean",
  expires: "number",
  holder: "object",
};

const leasesFile = (hostDir: string): string => join(hostDir, "leases.json");

function readLeases(hostDir: string): Lease[] {
  const stored = readJsonFile(leasesFile(hostDir));
  if (!isRecord(stored) || !Array.isArray(stored["leases"])) return [];
  return stored["leases"].filter((lease) => fits<Lease>(lease, leaseShape));
}

async function change<T>(hostDir: string, body: (leases: Lease[]) => T): Promise<T> {
  mkdirSync(hostDir, { recursive: true });
  const held = await lock(`${leasesFile(hostDir)}.lock`);
  try {
    const leases = readLeases(hostDir);
    const result = body(leases);
    writeJsonFile(leasesFile(hostDir), { leases });
    return result;
  } finally {
    held.release();
  }
}

/** Leases do not run out faster than a test can look at them, however fast the clock. */
const LEAST_LEASE_MS = 30_000;

export const leaseMs = (sim: Pick<Sim, "host" | "scaled">): number =>
  Math.max(sim.scaled(sim.host.dhcpLeaseSeconds * 1000), LEAST_LEASE_MS);

const inUse = (lease: Lease, now: number): boolean =>
  isAlive(lease.holder) || (lease.granted && lease.expires > now);

/** Last octets the server lends. */
const POOL = { first: 2, last: 254 };

/**
 * Sets an address aside for the MAC: the one it had, else a free one. Undefined when the pool is
 * exhausted. With `duplicate`, one that another VM is using.
 */
export function reserveAddress(
  sim: Sim,
  mac: string,
  { duplicate }: { duplicate: boolean },
): Promise<string | undefined> {
  const now = sim.now();
  return change(sim.hostDir, (leases) => {
    const others = leases.filter((lease) => lease.mac !== mac && inUse(lease, now));
    const taken = new Set(others.map(({ ip }) => ip));
    const own = leases.find((lease) => lease.mac === mac);
    const kept = own !== undefined && !taken.has(own.ip) ? own.ip : undefined;
    const ip = (duplicate ? others[0]?.ip : undefined) ?? kept ?? firstFree(sim, taken);
    if (ip === undefined) return undefined;
    const lease: Lease = {
      mac,
      ip,
      granted: own?.ip === ip && own.granted && own.expires > now,
      expires: own?.ip === ip ? own.expires : 0,
      holder: self(),
    };
    leases.splice(0, leases.length, ...leases.filter((other) => other.mac !== mac), lease);
    return ip;
  });
}

function firstFree({ host, hostDir }: Sim, taken: ReadonlySet<string>): string | undefined {
  const size = POOL.last - POOL.first + 1;
  // Loopback networks are shared by all simulated Macs of this machine: begin where others do not.
  const offset = host.subnet.startsWith("127.") ? spread(hostDir) >>> 16 : 0;
  for (let step = 0; step < size; step++) {
    const ip = `${host.subnet}.${POOL.first + ((offset + step) % size)}`;
    if (!taken.has(ip)) return ip;
  }
  return undefined;
}

/** The guest has its lease, or renews it. */
export function grantLease(sim: Sim, mac: string): Promise<void> {
  return change(sim.hostDir, (leases) => {
    const lease = leases.find((one) => one.mac === mac);
    if (lease === undefined) return;
    lease.granted = true;
    lease.expires = sim.now() + leaseMs(sim);
  });
}

/** The address of an unexpired lease, stale ones included. */
export function leasedAddress(sim: Pick<Sim, "hostDir" | "now">, mac: string): string | undefined {
  const lease = readLeases(sim.hostDir).find((one) => one.mac === mac);
  if (lease === undefined || !lease.granted) return undefined;
  return isAlive(lease.holder) || lease.expires > sim.now() ? lease.ip : undefined;
}

/** The address a live guest answers from; what the ARP table would hold. */
export function liveAddress(sim: Pick<Sim, "hostDir">, mac: string): string | undefined {
  const lease = readLeases(sim.hostDir).find((one) => one.mac === mac);
  return lease !== undefined && lease.granted && isAlive(lease.holder) ? lease.ip : undefined;
}
