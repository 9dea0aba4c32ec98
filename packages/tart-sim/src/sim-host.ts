import { mkdirSync, rmSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { activeFaults, type Fault, faultCountsFile, faultsFile, parseFaults } from "./host/faults.ts";
import type { HostConfig, Profile } from "./host/host-config.ts";
import { readHostConfig } from "./host/host-config.ts";
import { isAlive } from "./host/process-identity.ts";
import { liveRuns } from "./host/runs.ts";
import { catalogueFile, type ImageEntry } from "./registry/catalogue.ts";
import { pullImage } from "./registry/pull.ts";
import { makeSim } from "./sim.ts";
import { writeJsonFile } from "./storage/files.ts";
import { remoteNameOf } from "./storage/oci-cache.ts";

/** Absolute path of the executable named `tart`. */
export const tartPath: string = fileURLToPath(new URL("../bin/tart", import.meta.url));

/** A simulated Mac to be laid down in a directory; the caller removes the directory. */
export interface SimHostOptions {
  /** Made if absent. The Mac's own files go to `host/`, TART_HOME is `home/`. */
  dir: string;
  /** Release of tart, default 2.35.0. */
  version?: string;
  /** Divides all delays; default 1. */
  speed?: number;
  /** Makes MACs, durations and choices repeatable. */
  seed?: string;
  /** Guest engine (`TART_SIM_ENGINE`); chosen by what the machine can do when absent. */
  engine?: "process" | "bwrap" | "netns";
  /** First three octets of the guests' network; a loopback network of its own when absent. */
  subnet?: string;
  /** What host.json says beyond that. */
  host?: Partial<Omit<HostConfig, "subnet" | "profile">> & {
    /** A number stands for a range of that alone. */
    profile?: Partial<Record<keyof Profile, number | readonly [number, number]>>;
  };
  /** What the registries hold; the default catalogue when absent. */
  images?: readonly ImageEntry[];
  /** References that are in the cache from the start. */
  cached?: readonly string[];
  faults?: readonly Fault[];
  /** Environment that `env` is built on; default this process's. */
  baseEnv?: NodeJS.ProcessEnv;
}

export interface SimHost {
  dir: string;
  hostDir: string;
  tartHome: string;
  /** Whole environment for `tart` and whatever calls it: `tart` is first in PATH. */
  env: Record<string, string>;
  /** Replaces the faults; their counting starts anew. */
  setFaults(faults: readonly Fault[]): void;
  /** Replaces what the registries hold, e.g. with a tag moved. */
  setImages(images: readonly ImageEntry[]): void;
  /** Names of the VMs that run on the whole Mac. */
  running(): string[];
  /** The Mac reboots: every run is killed, leaked slots are free again. Resolves when all are gone. */
  killAll(): Promise<void>;
}

/** Lays a simulated Mac down. */
export async function makeSimHost(options: SimHostOptions): Promise<SimHost> {
  const dir = resolve(options.dir);
  const hostDir = join(dir, "host");
  const tartHome = join(dir, "home");
  mkdirSync(hostDir, { recursive: true });
  mkdirSync(tartHome, { recursive: true });
  const { subnet, images } = options;
  writeJsonFile(join(hostDir, "host.json"), { ...(subnet === undefined ? {} : { subnet }), ...options.host });
  readHostConfig(hostDir);
  const host: SimHost = {
    dir,
    hostDir,
    tartHome,
    env: hostEnvironment(options, { hostDir, tartHome }),
    setFaults(faults) {
      parseFaults(faults, "faults");
      rmSync(faultCountsFile(hostDir), { force: true });
      writeJsonFile(faultsFile(hostDir), faults);
    },
    setImages: (entries) => writeJsonFile(catalogueFile(hostDir), entries),
    running: () => liveRuns(hostDir).map(({ name }) => name),
    killAll: () => killAll(hostDir),
  };
  if (images !== undefined) host.setImages(images);
  for (const reference of options.cached ?? []) await fillCache(host.env, reference);
  if (options.faults !== undefined) host.setFaults(options.faults);
  return host;
}

function hostEnvironment(
  { version, speed, seed, engine, baseEnv = process.env }: SimHostOptions,
  { hostDir, tartHome }: { hostDir: string; tartHome: string },
): Record<string, string> {
  const path = [dirname(tartPath), dirname(process.execPath), baseEnv["PATH"] ?? ""].join(delimiter);
  const settings = {
    ...baseEnv,
    PATH: path,
    TART_HOME: tartHome,
    TART_SIM_HOST_DIR: hostDir,
    TART_SIM_VERSION: version,
    TART_SIM_SPEED: speed === undefined ? undefined : String(speed),
    TART_SIM_SEED: seed,
    TART_SIM_ENGINE: engine,
  };
  const given = Object.entries(settings).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return Object.fromEntries(given);
}

/** Pulls without output, without faults and in no time. */
async function fillCache(env: Record<string, string>, reference: string): Promise<void> {
  const silent = { write: () => true };
  const sim = makeSim({
    env: { ...env, TART_SIM_SPEED: "1e9" },
    userHome: "/",
    cancelled: new AbortController().signal,
    stdout: silent,
    stderr: silent,
  });
  await pullImage({ ...sim, faults: activeFaults([]) }, remoteNameOf(reference));
}

const KILL_POLL_MS = 10;

async function killAll(hostDir: string): Promise<void> {
  const runs = liveRuns(hostDir);
  for (const run of runs) if (isAlive(run)) process.kill(run.pid, "SIGKILL");
  while (runs.some(isAlive)) await wait(KILL_POLL_MS);
  rmSync(join(hostDir, "runs"), { recursive: true, force: true });
}
