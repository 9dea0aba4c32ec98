import type { GuestOs } from "@tartfleet/shared";
import { sleep } from "../../src/clock.ts";
import type { TartFailureClass } from "../../src/tart/failure-classes.ts";
import { failed, ok } from "../../src/tart/result.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { RunEnd, RunExit, Tart, TartFailure, TartResult } from "../../src/tart/tart.ts";

/** A VM on the fake host. */
export interface FakeVm {
  os: GuestOs;
  configured: boolean;
  /** The live `tart run`. */
  run: FakeRun | null;
  /** How often a runner was started in its guest; more than once would run a job twice. */
  runnersStarted: number;
}

interface FakeRun {
  pid: number;
  startedAt: string;
  since: number;
  /** From when on a listing calls it running. */
  lockedAt: number;
  exited: PromiseWithResolvers<RunExit>;
}

/** What is on a host whatever agent looks at it: it survives the agent. */
export interface FakeWorld {
  clock: VirtualClock;
  vms: Map<string, FakeVm>;
  images: Set<string>;
  logs: Map<string, string>;
  /** macOS slots that something invisible holds. */
  hiddenSlots: number;
  /** Everything that was done to the host, in order. */
  acts: string[];
  mostMacosRunning: number;
  /** Runs that were asked for while two macOS VMs could be seen running. */
  thirdsAskedFor: number;
  /** How often each VM really started: more than once would be a doubled job. */
  starts: Map<string, number>;
  /** Failures to come, by command; the first is used up first. */
  faults: Map<string, TartFailureClass[]>;
  listMs: number;
  pullMs: number;
  cloneMs: number;
  bootMs: number;
  /** How long a guest takes to obey a shutdown; null for one that never does. */
  shutdownMs: number | null;
  ignoresInterrupt: boolean;
  /** tart's global lock: clones wait for each other, those of dead agents too (tart-contract §1.5). */
  cloning: Promise<void>;
  /** Newer releases refuse to clone onto an existing name (tart-contract §0.2). */
  refusesClash: boolean;
  /** What listings wrongly say of a VM. */
  lies: Map<string, "absent" | "stopped">;
  endRun(name: string, log: string, exit: RunExit): void;
}

const LIMIT_TEXT = "The number of VMs exceeds the system limit";

export function createWorld(clock: VirtualClock): FakeWorld {
  const world: FakeWorld = {
    clock,
    vms: new Map(),
    images: new Set(),
    logs: new Map(),
    hiddenSlots: 0,
    acts: [],
    mostMacosRunning: 0,
    thirdsAskedFor: 0,
    starts: new Map(),
    faults: new Map(),
    listMs: 20,
    pullMs: 5000,
    cloneMs: 700,
    bootMs: 4000,
    shutdownMs: 1500,
    ignoresInterrupt: false,
    cloning: Promise.resolve(),
    refusesClash: false,
    lies: new Map(),
    endRun(name, log, exit) {
      const vm = world.vms.get(name);
      if (!vm?.run) return;
      world.logs.set(name, `${world.logs.get(name) ?? ""}${log}\n`);
      vm.run.exited.resolve(exit);
      vm.run = null;
    },
  };
  return world;
}

/** A VM that was there before, of somebody else. */
export function addForeign(world: FakeWorld, name: string, os: GuestOs, running: boolean): FakeVm {
  const vm: FakeVm = { os, configured: true, run: null, runnersStarted: 0 };
  world.vms.set(name, vm);
  if (running) vm.run = newRun(world);
  return vm;
}

export function macosRunning(world: FakeWorld): number {
  return [...world.vms.values()].filter(({ os, run }) => os === "macos" && run !== null).length;
}

/** From the start of a `tart run` until it holds its lock; the limit shows only after that (tart-contract §4.1). */
const LOCK_MS = 60;
const LIMIT_MS = 100;

let lastPid = 100;

function newRun(world: FakeWorld): FakeRun {
  lastPid += 1;
  const since = world.clock.now();
  return {
    pid: lastPid,
    startedAt: `start-${lastPid}`,
    since,
    lockedAt: since + LOCK_MS,
    exited: Promise.withResolvers(),
  };
}

function tartFailure(failureClass: TartFailureClass, command: string): TartFailure {
  return {
    class: failureClass,
    command,
    exitCode: 1,
    signal: null,
    output: failureClass,
    message: `tart ${command}: ${failureClass}`,
  };
}

/** What every pull fetches. */
export const PULL_BYTES = 25_000_000_000;

/** A tart that behaves: state lives in the world, every command takes time, failures come when ordered. */
export function createFakeTart(world: FakeWorld): Tart {
  const { clock, vms, logs } = world;
  const act = (text: string) => void world.acts.push(text);
  const fault = (command: string) => {
    const next = world.faults.get(command)?.shift();
    return next && failed(tartFailure(next, command));
  };

  async function cloneLocked(image: string, name: string, signal: AbortSignal): Promise<TartResult<void>> {
    await sleep(clock, world.cloneMs / 2, signal);
    if (signal.aborted) return failed(tartFailure("CANCELLED", "clone"));
    const broken = fault("clone");
    if (broken) return broken;
    if (!world.images.has(image)) return failed(tartFailure("NO_IMAGE", "clone"));
    if (world.refusesClash && vms.has(name)) return failed(tartFailure("NAME_CLASH", "clone"));
    const os = image.includes("linux") ? "linux" : "macos";
    vms.set(name, { os, configured: false, run: null, runnersStarted: 0 });
    await sleep(clock, world.cloneMs / 2);
    return ok();
  }

  return {
    async version() {
      return ok("2.40.1");
    },
    async listLocal() {
      // What it tells was so in the middle of it; at its end it may be so no more.
      await sleep(clock, world.listMs / 2);
      const listed = [...vms].flatMap(([name, { run }]) => {
        const lie = world.lies.get(name);
        const isRunning = run !== null && run.lockedAt <= clock.now() && lie !== "stopped";
        const state = isRunning ? ("running" as const) : ("stopped" as const);
        return lie === "absent" ? [] : [{ name, state }];
      });
      await sleep(clock, world.listMs / 2);
      return fault("list") ?? ok(listed);
    },
    async listImages() {
      return ok([...world.images].map((reference) => ({ reference, sizeGb: 25 })));
    },
    async os(name) {
      const vm = vms.get(name);
      return vm ? ok(vm.os) : failed(tartFailure("NOT_FOUND", "get"));
    },
    async pull(image, { onProgress, signal }) {
      act(`pull ${image}`);
      for (let percent = 0; percent < 100; percent += 25) {
        onProgress(percent, PULL_BYTES);
        await sleep(clock, world.pullMs / 4, signal);
        if (signal.aborted) return failed(tartFailure("CANCELLED", "pull"));
      }
      const broken = fault("pull");
      if (broken) return broken;
      world.images.add(image);
      act(`pulled ${image}`);
      return ok();
    },
    async digest() {
      return ok(`sha256:${"a".repeat(64)}`);
    },
    async clone(image, name, { signal }) {
      act(`clone ${name}`);
      const before = world.cloning;
      const mine = Promise.withResolvers<void>();
      world.cloning = mine.promise;
      await before;
      try {
        return await cloneLocked(image, name, signal);
      } finally {
        mine.resolve();
      }
    },
    async configure(name) {
      act(`configure ${name}`);
      await sleep(clock, 50);
      const vm = vms.get(name);
      if (!vm) return failed(tartFailure("NOT_FOUND", "set"));
      const broken = fault("set");
      if (broken) return broken;
      vm.configured = true;
      return ok();
    },
    async run(name) {
      act(`run ${name}`);
      logs.set(name, "");
      await sleep(clock, 30);
      const vm = vms.get(name);
      if (!vm) return failed(tartFailure("NOT_FOUND", "run"));
      const run = newRun(world);
      const visible = macosRunning(world);
      const others = visible + world.hiddenSlots;
      if (vm.os === "macos" && visible >= 2) world.thirdsAskedFor += 1;
      vm.run = run;
      clock.after(LIMIT_MS, () => {
        if (vm.run !== run) return;
        if (vm.os === "macos" && others >= 2) {
          world.endRun(name, LIMIT_TEXT, { exitCode: 1, signal: null });
          return;
        }
        world.starts.set(name, (world.starts.get(name) ?? 0) + 1);
        world.mostMacosRunning = Math.max(world.mostMacosRunning, macosRunning(world));
      });
      return ok(handleOf(world, name, run));
    },
    async findRun(name, known) {
      await sleep(clock, 5);
      const run = vms.get(name)?.run;
      if (!run || (known && (known.pid !== run.pid || known.startedAt !== run.startedAt))) return undefined;
      const found = handleOf(world, name, run);
      return { ...found, exited: found.exited.then(() => ({ exitCode: null, signal: null })) };
    },
    runExit: () => Promise.resolve(undefined),
    forgetRun: () => Promise.resolve(),
    sweepRuns: () => Promise.resolve(),
    async runEnd(logPath) {
      return readEnd(logs.get(logPath) ?? "");
    },
    async ip() {
      return ok("192.168.64.7");
    },
    async stop(name) {
      act(`stop ${name}`);
      await sleep(clock, 300);
      const broken = fault("stop");
      if (broken) return broken;
      world.endRun(name, "Stopping VM...", { exitCode: 0, signal: null });
      return ok();
    },
    async delete(name) {
      act(`delete ${name}`);
      await sleep(clock, 100);
      const broken = fault("delete");
      if (broken) return broken;
      if (vms.get(name)?.run) return failed(tartFailure("STILL_RUNNING", "delete"));
      vms.delete(name);
      return ok();
    },
    async deleteImage(reference) {
      act(`remove ${reference}`);
      await sleep(clock, 100);
      const broken = fault("delete");
      if (broken) return broken;
      world.images.delete(reference);
      return ok();
    },
    exec: () => Promise.reject(new Error("guests are faked as a whole")),
    probeAgent: () => Promise.reject(new Error("guests are faked as a whole")),
    execIsDead: () => Promise.resolve(false),
  };
}

function handleOf(world: FakeWorld, name: string, run: FakeRun) {
  return {
    pid: run.pid,
    startedAt: run.startedAt,
    exited: run.exited.promise,
    async signal(signal: "SIGINT" | "SIGTERM" | "SIGKILL") {
      world.acts.push(`${signal} ${name}`);
      if (world.vms.get(name)?.run !== run) return false;
      if (signal === "SIGINT" && world.ignoresInterrupt) return true;
      world.endRun(name, signal === "SIGINT" ? "Stopping VM..." : "", { exitCode: null, signal });
      return true;
    },
  };
}

function readEnd(log: string): RunEnd {
  if (log.includes(LIMIT_TEXT))
    return { cause: "unknown", logTail: log, failure: tartFailure("LIMIT", "run") };
  if (log.includes("Stopping VM...")) return { cause: "stopped", logTail: log, failure: null };
  if (log.includes("due to error")) return { cause: "guest_crashed", logTail: log, failure: null };
  if (log.includes("guest has stopped")) return { cause: "guest_shutdown", logTail: log, failure: null };
  return { cause: "killed", logTail: log, failure: null };
}
