import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTROL_PLANE } from "@tartfleet/lab/src/fleet/control-plane.ts";
import { flagArguments, type Flags } from "@tartfleet/lab/src/fleet/environment.ts";
import { parseLogLine } from "@tartfleet/lab/src/fleet/log-lines.ts";
import { until } from "@tartfleet/lab/src/fleet/until.ts";
import { cpuSeconds, memoryMiB } from "./proc.ts";

/** One load comes from one address and one token: their bounds are not what is measured. */
const UNBOUND: Flags = {
  "max-connections": 1_000_000,
  "max-connections-per-address": 1_000_000,
  "max-calls-per-second": 1_000_000,
  "max-queued-per-team": 1_000_000,
  // Light hosts ask no registry.
  "image-resolve-ttl-seconds": 0,
  // A light guest has said all when it has said that its runner exited.
  "exit-settle-seconds": 0,
};

/** A control plane in a process of its own, started as a user would start it, its log in a file. */
export interface Plane {
  readonly url: string;
  readonly dataDir: string;
  /** Starts it; resolves when it is ready, with how long that took in milliseconds. */
  start(): Promise<number>;
  kill(signal: NodeJS.Signals): Promise<void>;
  adminToken(): Promise<string>;
  cpuSeconds(): number;
  memoryMiB(): number;
}

export interface PlaneOptions {
  dir: string;
  /** Folder for a CPU profile of each of its lives. */
  profile?: string | undefined;
}

export function makePlane({ dir, profile }: PlaneOptions): Plane {
  const dataDir = join(dir, "control-plane");
  const logPath = join(dir, "control-plane.log");
  let child: ChildProcess | undefined;
  let url = "";
  let lives = 0;

  const running = (): ChildProcess => {
    if (!child) throw new Error("the control plane does not run");
    return child;
  };

  return {
    get url() {
      return url;
    },
    dataDir,
    async start() {
      lives += 1;
      const log = openSync(`${logPath}.${lives}`, "a");
      const since = performance.now();
      const port = url === "" ? 0 : new URL(url).port;
      child = spawn(
        process.execPath,
        [
          ...(profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`]),
          CONTROL_PLANE,
          ...flagArguments({ listen: `127.0.0.1:${port}`, "data-dir": dataDir, ...UNBOUND }),
        ],
        { stdio: ["ignore", log, log] },
      );
      const started = child;
      url = await until("the control plane to listen", async () => {
        const text = await readFile(`${logPath}.${lives}`, "utf8");
        if (started.exitCode !== null) throw new Error(`the control plane has ended:\n${text}`);
        const line = text
          .split("\n")
          .map(parseLogLine)
          .find((said) => said?.msg === "listening");
        return line && String(line["url"]);
      });
      await until("the control plane to be ready", async () => {
        const response = await fetch(`${url}/readyz`).catch(() => undefined);
        return response?.ok;
      });
      return performance.now() - since;
    },
    async kill(signal) {
      const ending = running();
      child = undefined;
      const ended = once(ending, "exit");
      ending.kill(signal);
      await ended;
    },
    adminToken: async () => (await readFile(join(dataDir, "admin-token"), "utf8")).trim(),
    cpuSeconds: () => cpuSeconds(running().pid ?? 0),
    memoryMiB: () => memoryMiB(running().pid ?? 0),
  };
}
