import { makeMacOs, type SimMacOs } from "@tartfleet/mac-sim";
import { makeSimHost, tartPath, type SimHost, type SimHostOptions } from "@tartfleet/tart-sim";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseLauncher } from "../../src/launchd/choose.ts";
import { childRuns } from "../../src/tart/launcher.ts";
import { makeTart, type TartOptions } from "../../src/tart/make-tart.ts";
import type { RunHandle, Tart, TartResult } from "../../src/tart/tart.ts";

export const MACOS = "ghcr.io/cirruslabs/macos-runner:sequoia";
export const LINUX = "registry.example.com/linux/ubuntu:24.04";
/** Who starts VMs. */
export const FORMS = ["child", "launchd"] as const;
export type Form = (typeof FORMS)[number];

/** Of this process alone: VMs that run are found by their names, on the whole machine. */
export const vmNamed = (attempt: number) => `tf-${process.pid.toString().padStart(16, "0")}-${attempt}`;
export const VM = vmNamed(1);

/** A simulated Mac with a tart of its own; nothing of it is left when it is disposed of. */
export interface SimMac extends AsyncDisposable {
  host: SimHost;
  /** Where launchd starts the VMs. */
  macOs: SimMacOs | undefined;
  tart: Tart;
  /** Another agent's view of the same Mac. */
  secondTart(options?: Partial<TartOptions>): Tart;
  log(name: string): string;
  /** Clones an image and starts it. */
  started(name: string, image?: string): Promise<RunHandle>;
  hasDirectory(name: string): Promise<boolean>;
}

export async function makeSimMac(
  options: Partial<SimHostOptions> = {},
  tartOptions: Partial<TartOptions> = {},
  form: Form = "child",
): Promise<SimMac> {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-mac-"));
  const host = await makeSimHost({ dir, speed: 500, seed: "1", engine: "process", ...options });
  const macOs = form === "launchd" ? await macOsFor(host, dir) : undefined;
  const launcher = macOs ? await launchd(host, macOs, dir) : childRuns;
  const runs: RunHandle[] = [];
  const secondTart = (more: Partial<TartOptions> = {}): Tart => {
    const env = host.env;
    const tart = makeTart({
      path: tartPath,
      tartHome: host.tartHome,
      env,
      pace: 50,
      launcher,
      ...tartOptions,
      ...more,
    });
    return {
      ...tart,
      async run(name, run) {
        const started = await tart.run(name, run);
        if (started.ok) runs.push(started.value);
        return started;
      },
    };
  };
  const tart = secondTart();
  const log = (name: string) => join(dir, `${name}.log`);
  const { signal } = new AbortController();
  return {
    host,
    macOs,
    tart,
    secondTart,
    log,
    async started(name, image = MACOS) {
      value(await tart.clone(image, name, { signal }));
      return value(await tart.run(name, { run: {}, logPath: log(name) }));
    },
    async hasDirectory(name) {
      const names = await readdir(join(host.tartHome, "vms")).catch((): string[] => []);
      return names.includes(name);
    },
    async [Symbol.asyncDispose]() {
      // A run that has only just begun is not yet among the host's own.
      for (const run of runs) await run.signal("SIGKILL");
      await Promise.all(runs.map(({ exited }) => exited));
      await macOs?.[Symbol.asyncDispose]();
      await host.killAll();
      await rm(dir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** The macOS of a simulated Mac: what tart has to know of that Mac is in the environment of all its jobs. */
export async function macOsFor(host: SimHost, dir: string): Promise<SimMacOs> {
  const macOs = makeMacOs({ dir: join(dir, "macos"), speed: 100 });
  for (const [name, value] of Object.entries(host.env)) {
    if (name.startsWith("TART_SIM_")) await macOs.launchctl("setenv", name, value);
  }
  return macOs;
}

/** An agent's launcher there, as it chooses it itself on a Mac. */
export function launchd(host: SimHost, macOs: SimMacOs, dir: string) {
  const { PATH, ...env } = macOs.env;
  const choice = {
    given: undefined,
    env: { ...host.env, ...env, PATH: `${PATH}:${host.env["PATH"] ?? ""}` },
    tartHome: host.tartHome,
    dir,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  };
  return chooseLauncher(choice, "darwin");
}

/** The value of a result that must not be a failure. */
export function value<T>(result: TartResult<T>): T {
  if (!result.ok)
    throw new Error(`${result.failure.class}: ${result.failure.message}\n${result.failure.output}`);
  return result.value;
}

/** The failure of a result that must be one. */
export function failure<T>(result: TartResult<T>) {
  if (result.ok) throw new Error(`it did not fail: ${JSON.stringify(result.value)}`);
  return result.failure;
}
