import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "./lock-file.ts";
import { isRecord } from "./shape.ts";
import { spread } from "./spread.ts";

/** Durations of a simulated Mac in milliseconds at speed 1 (tart-contract §12.6). */
export interface Profile {
  cloneMs: readonly [number, number];
  startMs: readonly [number, number];
  /** From the start to the DHCP lease. */
  ipMs: readonly [number, number];
  /** From the lease to a listening sshd. */
  sshMs: readonly [number, number];
  /** From sshd to the guest agent. */
  agentMs: readonly [number, number];
  stopMs: readonly [number, number];
  suspendMs: readonly [number, number];
  restoreMs: readonly [number, number];
  /** Megabytes a second. */
  pullMBps: readonly [number, number];
}

/** What host.json says about a simulated Mac; every field has a default. */
export interface HostConfig {
  /** First three octets of the guests' network. */
  subnet: string;
  /** macOS version of the host. */
  osVersion: string;
  cpu: number;
  memoryMiB: number;
  /** Size of the volume that holds TART_HOME, in gigabytes. */
  diskGB: number;
  /** A locked login keychain keeps macOS VMs from starting (§6.4). */
  keychain: "unlocked" | "locked";
  softnet: "ready" | "missing" | "unprivileged";
  /** Where guests' sshd listens; 0: 2222, or 22 where guests have a network of their own. */
  sshPort: number;
  /** Macs lend addresses for a day unless they were told otherwise (§6.2). */
  dhcpLeaseSeconds: number;
  /**
   * Registries that are really there, by the host in a reference, and where they listen (`127.0.0.1:5000`), as
   * /etc/hosts would have it. All others are those of catalogue.json.
   */
  registries: Readonly<Record<string, string>>;
  profile: Profile;
}

/** The timings that §12.6 proposes. */
const defaultProfile: Profile = {
  cloneMs: [300, 1500],
  startMs: [800, 1500],
  ipMs: [8000, 15_000],
  sshMs: [1000, 4000],
  agentMs: [4000, 12_000],
  stopMs: [200, 1500],
  suspendMs: [4000, 4000],
  restoreMs: [5500, 11_000],
  pullMBps: [80, 400],
};

function defaults(hostDir: string): HostConfig {
  return {
    subnet: loopbackSubnet(hostDir),
    osVersion: "26.1",
    cpu: 12,
    memoryMiB: 32_768,
    diskGB: 1000,
    keychain: "unlocked",
    softnet: "ready",
    sshPort: 0,
    dhcpLeaseSeconds: 600,
    registries: {},
    profile: defaultProfile,
  };
}

/** A loopback network of the host's own, so that guests of several hosts do not meet. */
function loopbackSubnet(hostDir: string): string {
  const number = spread(hostDir);
  return `127.${64 + (number % 64)}.${(number >>> 8) % 256}`;
}

/** A mistake in a file of the simulated host; the text says which. */
export class SimConfigError extends Error {}

/** Reads a JSON file of the host; undefined when there is none. */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SimConfigError(
      `${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Reads host.json over the defaults. Unknown keys and wrong types are mistakes. */
export function readHostConfig(hostDir: string): HostConfig {
  const path = join(hostDir, "host.json");
  const given = readJsonFile(path) ?? {};
  const base = defaults(hostDir);
  if (!isRecord(given)) throw new SimConfigError(`${path} should hold an object`);
  const { profile = {}, ...rest } = given;
  if (!isRecord(profile)) throw new SimConfigError(`${path}: "profile" should be an object`);
  const config = overlay(path, { ...base }, rest);
  const places: Record<string, unknown> = config.registries;
  const misplaced = Object.keys(places).find((host) => !isPlace(places[host]));
  if (misplaced !== undefined)
    throw new SimConfigError(`${path}: the registry "${misplaced}" should be at address:port`);
  const ranges = Object.fromEntries(
    Object.entries(profile).map(([key, value]) => [key, typeof value === "number" ? [value, value] : value]),
  );
  return { ...config, profile: overlay(path, { ...base.profile }, ranges) };
}

const isPlace = (value: unknown): boolean => typeof value === "string" && /^[^/\s]+:\d+$/.test(value);

function overlay<T extends object>(path: string, base: T, given: Record<string, unknown>): T {
  for (const [key, value] of Object.entries(given)) {
    const known = Object.entries(base).find(([name]) => name === key);
    if (known === undefined) throw new SimConfigError(`${path}: unknown key "${key}"`);
    if (typeof value !== typeof known[1] || Array.isArray(value) !== Array.isArray(known[1]))
      throw new SimConfigError(`${path}: "${key}" has the wrong type`);
  }
  return Object.assign(base, given);
}
