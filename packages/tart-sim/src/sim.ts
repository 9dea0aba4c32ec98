import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ActiveFaults } from "./host/faults.ts";
import { type HostConfig, readHostConfig, SimConfigError } from "./host/host-config.ts";
import { type RandomBytes, between, seededBytes } from "./host/random.ts";
import { defaultVersion, type Quirks, quirksOf } from "./host/version.ts";

/** Everything a command needs of the world, made once per process. */
export interface Sim {
  env: NodeJS.ProcessEnv;
  /** $TART_HOME, absolute. It may not exist yet. */
  home: string;
  /** Directory that stands for the Mac: its limits, leases, registry and faults. */
  hostDir: string;
  host: HostConfig;
  version: string;
  quirks: Quirks;
  random: RandomBytes;
  /** Faults that hit this very invocation. */
  faults: ActiveFaults;
  /** Aborted by SIGINT, which cancels every command but `run` (tart-contract §1.1). */
  cancelled: AbortSignal;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Real milliseconds for so many simulated ones. */
  scaled(ms: number): number;
  /** Sleeps so many simulated milliseconds; rejects when the signal (default: `cancelled`) aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A duration of the host's profile, in simulated milliseconds. */
  duration(range: readonly [number, number], ...purpose: string[]): number;
  /** A line on stdout. */
  say(line: string): void;
  /** A line on stderr. */
  warn(line: string): void;
}

export interface SimInput {
  env: NodeJS.ProcessEnv;
  userHome: string;
  cancelled: AbortSignal;
  stdout: Pick<NodeJS.WritableStream, "write">;
  stderr: Pick<NodeJS.WritableStream, "write">;
}

/** Reads the environment and the host's directory. */
export function makeSim({ env, userHome, cancelled, stdout, stderr }: SimInput): Omit<Sim, "faults"> {
  const home = env["TART_HOME"] ?? join(userHome, ".tart");
  const hostDir = env["TART_SIM_HOST_DIR"] ?? join(userHome, ".tart-sim");
  const host = readHostConfig(hostDir);
  const version = env["TART_SIM_VERSION"] ?? defaultVersion;
  const speed = readSpeed(env["TART_SIM_SPEED"]);
  const random = seededBytes(env["TART_SIM_SEED"]);
  return {
    env,
    home,
    hostDir,
    host,
    version,
    quirks: quirksOf(version),
    random,
    cancelled,
    now: Date.now,
    scaled: (ms) => ms / speed,
    sleep: (ms, signal = cancelled) => sleepLong(ms / speed, signal),
    duration: (range, ...purpose) => between(random, range, ...purpose),
    say: (line) => void stdout.write(`${line}\n`),
    warn: (line) => void stderr.write(`${line}\n`),
  };
}

/** The longest a Node timer can wait, and so the slice of a sleep that never ends. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function sleepLong(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; ; left -= LONGEST_TIMER_MS) {
    await wait(Math.min(left, LONGEST_TIMER_MS), undefined, { signal });
    if (left <= LONGEST_TIMER_MS) return;
  }
}

function readSpeed(text: string | undefined): number {
  if (text === undefined || text === "") return 1;
  const speed = Number(text);
  if (!(speed > 0)) throw new SimConfigError(`TART_SIM_SPEED should be a number above 0, not '${text}'`);
  return speed;
}
