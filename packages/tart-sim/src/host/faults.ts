import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile, SimConfigError } from "./host-config.ts";
import { isRecord } from "./shape.ts";
import { lock } from "./lock-file.ts";
import { crypto } from "./late-modules.ts";

/** Every fault the host can be given (tart-contract §12.6), with the numbers and texts it takes. */
export const faultKinds = {
  // any command
  "dyld-abort": [],
  slow: ["ms"],
  hang: [],
  hold: [],
  "gc-noise": [],
  // run
  "limit-exceeded": [],
  "slot-leak": [],
  "start-failure": [],
  "aux-storage-locked": [],
  "keychain-locked": [],
  "restore-failure": [],
  "softnet-missing": [],
  "softnet-unprivileged": [],
  "no-ip": [],
  "ip-late": ["ms"],
  "duplicate-ip": [],
  "sshd-never": [],
  "agent-never": [],
  "agent-slow": ["ms"],
  "agent-flaps": ["ms"],
  "guest-crash": ["ms"],
  "network-lost": ["ms"],
  "ignore-sigint": [],
  "control-socket-dead": ["ms"],
  // exec
  "exec-grpc-error": ["ms"],
  "exec-transport-error": [],
  "exec-output-loss": ["kib"],
  // pull, and clone of what is not cached
  "network-loss": ["percent"],
  "http-status": ["code"],
  stall: ["percent"],
  "stuck-at-lock": [],
  "keychain-credentials": [],
  "disk-full": [],
  "auto-prune": ["image"],
  // clone, delete, stop
  "clone-refuses-existing": [],
  "delete-says-running": [],
  "lock-lingers": ["ms"],
  // list, get
  "list-raced": [],
  "asif-blocked": [],
  "disk-null": [],
  "extra-keys": [],
  "size-as-string": [],
  "old-output": [],
} as const satisfies Record<string, readonly ("ms" | "kib" | "percent" | "code" | "image")[]>;

export type FaultKind = keyof typeof faultKinds;

export interface FaultMatch {
  /** Subcommand. */
  cmd?: string;
  /** Regular expression over the VM's name. */
  vm?: string;
  /** Regular expression over the image's name as it was typed. */
  image?: string;
  /** First matching invocation that is hit, counted from 1. */
  nth?: number;
  /** How many are hit from there; 1 when `nth` is given, else all. */
  times?: number;
}

export interface Fault {
  match?: FaultMatch;
  action: FaultKind;
  /** Simulated milliseconds. */
  ms?: number;
  kib?: number;
  percent?: number;
  code?: number;
  image?: string;
}

/** What an invocation is, for matching. */
export interface Invocation {
  cmd: string;
  vm?: string | undefined;
  image?: string | undefined;
}

/** The faults that hit one invocation. */
export interface ActiveFaults {
  get(kind: FaultKind): Fault | undefined;
  has(kind: FaultKind): boolean;
}

export function activeFaults(faults: readonly Fault[]): ActiveFaults {
  const get = (kind: FaultKind) => faults.find((fault) => fault.action === kind);
  return { get, has: (kind) => get(kind) !== undefined };
}

const matchKeys = { cmd: "string", vm: "string", image: "string", nth: "number", times: "number" } as const;

/** Checks what faults.json holds. */
export function parseFaults(value: unknown, where: string): Fault[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new SimConfigError(`${where} should hold an array of faults`);
  return value.map((fault, index) => parseFault(fault, `${where}[${index}]`));
}

const isFaultKind = (value: unknown): value is FaultKind => typeof value === "string" && value in faultKinds;

function parseFault(value: unknown, where: string): Fault {
  if (!isRecord(value)) throw new SimConfigError(`${where} should be an object`);
  const { match = {}, action, ...params } = value;
  if (!isFaultKind(action)) throw new SimConfigError(`${where}: unknown action ${JSON.stringify(action)}`);
  for (const [key, param] of Object.entries(params)) {
    if (!faultKinds[action].some((known) => known === key))
      throw new SimConfigError(`${where}: ${action} takes no "${key}"`);
    if (typeof param !== (key === "image" ? "string" : "number"))
      throw new SimConfigError(`${where}: "${key}" has the wrong type`);
  }
  if (!isRecord(match)) throw new SimConfigError(`${where}.match should be an object`);
  for (const [key, part] of Object.entries(match)) {
    const type = Object.entries(matchKeys).find(([known]) => known === key)?.[1];
    if (typeof part !== type)
      throw new SimConfigError(`${where}.match: "${key}" is unknown or has the wrong type`);
  }
  return { ...params, match, action };
}

function matches({ cmd, vm, image }: FaultMatch, invocation: Invocation): boolean {
  const fits = (pattern: string | undefined, text: string | undefined) =>
    pattern === undefined || (text !== undefined && new RegExp(pattern).test(text));
  return (
    (cmd === undefined || cmd === invocation.cmd) && fits(vm, invocation.vm) && fits(image, invocation.image)
  );
}

/** Is the count-th match (from 1) one that is hit? */
export function isHit({ nth, times }: FaultMatch, count: number): boolean {
  const first = nth ?? 1;
  return count >= first && count < first + (times ?? (nth === undefined ? Infinity : 1));
}

export const faultsFile = (hostDir: string): string => join(hostDir, "faults.json");
export const faultCountsFile = (hostDir: string): string => join(hostDir, "fault-counts.json");

/** Reads faults.json anew, counts this invocation and answers what hits it. */
export async function faultsFor(hostDir: string, invocation: Invocation): Promise<ActiveFaults> {
  const all = parseFaults(readJsonFile(faultsFile(hostDir)), faultsFile(hostDir));
  const matching = all.filter((fault) => matches(fault.match ?? {}, invocation));
  const counted = matching.filter(({ match }) => match?.nth !== undefined || match?.times !== undefined);
  const counts = counted.length === 0 ? new Map<Fault, number>() : await count(hostDir, all, counted);
  return activeFaults(matching.filter((fault) => isHit(fault.match ?? {}, counts.get(fault) ?? 1)));
}

/** Counts live beside the faults, keyed by what a fault says, so that an edited one starts anew. */
async function count(
  hostDir: string,
  all: readonly Fault[],
  hit: readonly Fault[],
): Promise<Map<Fault, number>> {
  const path = faultCountsFile(hostDir);
  mkdirSync(hostDir, { recursive: true });
  const held = await lock(`${path}.lock`);
  try {
    const stored = readJsonFile(path);
    const counts: Record<string, unknown> = isRecord(stored) ? stored : {};
    const result = new Map<Fault, number>();
    for (const fault of hit) {
      const key = faultKey(fault, all.indexOf(fault));
      const before = counts[key];
      const now = (typeof before === "number" ? before : 0) + 1;
      counts[key] = now;
      result.set(fault, now);
    }
    writeFileSync(path, JSON.stringify(counts));
    return result;
  } finally {
    held.release();
  }
}

const faultKey = (fault: Fault, index: number): string =>
  crypto()
    .createHash("sha256")
    .update(JSON.stringify([index, fault]))
    .digest("hex")
    .slice(0, 16);
