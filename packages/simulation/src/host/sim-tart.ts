import { ok } from "@tartfleet/agent/src/tart/result.ts";
import type { RunEnd, RunExit, RunHandle, Tart, TartVm } from "@tartfleet/agent/src/tart/tart.ts";
import { INSTANCE_PREFIX } from "@tartfleet/shared";
import { createTurns, refuse, takes, tartFailure } from "./commands.ts";
import { LIMIT_TEXT, type Machine, type MachineVm, type Run } from "./machine.ts";
import { createPuller } from "./pulls.ts";

const QUICK_LIMIT_MS = 30_000;
const CLONE_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 45_000;

/** Listeners for what the auditor must know of an agent's doing. */
export interface TartWitness {
  /** `tart run` was asked for. */
  onRun(vm: MachineVm): void;
  /** An agent has looked: these run, as tart lists them. */
  onLook(running: readonly string[]): void;
  /** An image was there and is gone. */
  onImageRemoved(reference: string): void;
  /** An agent ends a run, by whatever means. */
  onKill(vm: MachineVm): void;
}

/** tart as the agent's adapter promises it (see its `Tart`): every command takes time, and fails when struck. */
export function createSimTart(machine: Machine, witness: TartWitness): Tart {
  const { random, vms, logs } = machine;
  const pull = createPuller(machine);
  const oneAtATime = createTurns(machine);

  async function cloneLocked(image: string, name: string, signal: AbortSignal) {
    const hangs = machine.struck("clone_hangs");
    const lasts = hangs ? CLONE_LIMIT_MS : random.between(500, 6000);
    await takes(machine, lasts / 2);
    if (signal.aborted) return refuse("CANCELLED", "clone");
    if (hangs) return refuse("TIMED_OUT", "clone");
    if (machine.struck("clone_fails")) return refuse("UNKNOWN", "clone");
    if (machine.struck("disk_full")) return refuse("DISK_FULL", "clone");
    if (!machine.images.has(image)) {
      const pulled = await pull(image, { onProgress: () => {}, signal });
      if (!pulled.ok) return pulled;
    }
    const digest = machine.images.get(image) ?? null;
    if (vms.has(name)) return refuse("NAME_CLASH", "clone");
    if (machine.struck("clone_lies")) return ok();
    vms.set(name, {
      name,
      os: image.includes("linux") ? "linux" : "macos",
      isForeign: false,
      image,
      digest,
      isConfigured: false,
      hasRunner: false,
      run: null,
    });
    machine.version += 1;
    await takes(machine, lasts / 2);
    return machine.struck("clone_done_fails") ? refuse("UNKNOWN", "clone") : ok();
  }

  /** What tart listed last. */
  let listed: TartVm[] = [];

  return {
    version: async () => ok("2.40.1"),
    async listLocal() {
      await takes(machine, random.between(20, 200));
      if (machine.struck("list_fails")) return refuse(random.chance(0.5) ? "TIMED_OUT" : "UNKNOWN", "list");
      if (machine.struck("list_garbage")) return refuse("UNREADABLE", "list");
      if (!machine.struck("list_stale")) {
        listed = [...vms.values()].map((vm) => {
          const isRunning = vm.run !== null && !machine.struck("list_says_stopped");
          return { name: vm.name, state: isRunning ? ("running" as const) : ("stopped" as const) };
        });
      }
      witness.onLook(listed.filter(({ state }) => state === "running").map(({ name }) => name));
      return ok(listed);
    },
    async listImages() {
      await takes(machine, 20);
      return ok([...machine.images].map(([reference, digest]) => ({ reference, sizeGb: 25, digest })));
    },
    async os(name) {
      const vm = vms.get(name);
      return vm ? ok(vm.os) : refuse("NOT_FOUND", "get");
    },
    pull,
    async digest(image) {
      const digest = machine.images.get(image);
      return digest === undefined ? refuse("NOT_FOUND", "fqn") : ok(digest);
    },
    async clone(image, name, { signal }) {
      machine.note(`clone ${name}`);
      machine.clones.add(name);
      const result = await oneAtATime(() => cloneLocked(image, name, signal));
      machine.clones.delete(name);
      return result;
    },
    async configure(name) {
      await takes(machine, random.between(50, 500));
      const vm = vms.get(name);
      if (!vm) return refuse("NOT_FOUND", "set");
      if (machine.struck("configure_fails")) return refuse("UNKNOWN", "set");
      vm.isConfigured = true;
      return ok();
    },
    async run(name, { logPath }) {
      const vm = vms.get(name);
      if (!vm) return refuse("NOT_FOUND", "run");
      machine.note(`run ${name}`);
      logs.set(logPath, "");
      // A second run of the same VM finds the lock taken.
      if (vm.run) return refuse("START_FAILED", "run");
      witness.onRun(vm);
      const run = machine.startRun(vm, logPath);
      run.answersAt = machine.struck("guest_silent")
        ? Number.POSITIVE_INFINITY
        : machine.timeline.now() + random.between(4000, 45_000);
      if (machine.struck("run_refused")) {
        machine.timeline.after(500, () => {
          if (vm.run === run) machine.endRun(vm, START_TEXT, { exitCode: 1, signal: null });
        });
      } else if (machine.struck("run_dies")) {
        machine.timeline.after(random.between(1000, 600_000), () => {
          if (vm.run === run) machine.endRun(vm, CRASH_TEXT, { exitCode: 0, signal: null });
        });
      }
      await takes(machine, 10);
      if (machine.struck("run_done_fails")) return refuse("UNKNOWN", "run");
      return ok(handleOf(machine, witness, vm, run, true));
    },
    async findRun(name, known) {
      await takes(machine, 5);
      const vm = vms.get(name);
      const run = vm?.run;
      if (!vm || !run || (known && (known.pid !== run.pid || known.startedAt !== run.startedAt))) return;
      return handleOf(machine, witness, vm, run, false);
    },
    runExit: () => Promise.resolve(undefined),
    forgetRun: () => Promise.resolve(),
    sweepRuns: () => Promise.resolve(),
    runEnd: async (logPath, exit) => readEnd(logs.get(logPath) ?? "", exit),
    ip: async () => ok("192.168.64.7"),
    async deleteImage(reference) {
      machine.note(`remove image ${reference}`);
      await takes(machine, random.between(50, 500));
      if (machine.images.delete(reference)) witness.onImageRemoved(reference);
      return ok();
    },
    async stop(name) {
      machine.note(`stop ${name}`);
      if (machine.struck("stop_hangs")) {
        await takes(machine, STOP_LIMIT_MS);
        return refuse("TIMED_OUT", "stop");
      }
      await takes(machine, random.between(300, 3000));
      if (machine.struck("stop_lies")) return ok();
      const vm = vms.get(name);
      if (vm?.run) witness.onKill(vm);
      if (vm) machine.endRun(vm, STOPPED_TEXT, { exitCode: 0, signal: null });
      return machine.struck("stop_done_fails") ? refuse("UNKNOWN", "stop") : ok();
    },
    async delete(name) {
      machine.note(`delete ${name}`);
      if (!name.startsWith(INSTANCE_PREFIX)) throw new Error(`the agent deletes a foreign VM: ${name}`);
      await takes(machine, machine.struck("delete_fails") ? QUICK_LIMIT_MS : random.between(50, 800));
      if (vms.get(name)?.run) return refuse("STILL_RUNNING", "delete");
      if (machine.struck("delete_fails")) return refuse("UNKNOWN", "delete");
      if (machine.struck("delete_lies")) {
        const vm = vms.get(name);
        if (vm) vm.isSaidGone = true;
        return ok();
      }
      vms.delete(name);
      machine.version += 1;
      return machine.struck("delete_done_fails") ? refuse("UNKNOWN", "delete") : ok();
    },
    exec: () => Promise.reject(new Error("guests are simulated as a whole")),
    probeAgent: () => Promise.reject(new Error("guests are simulated as a whole")),
    execIsDead: () => Promise.resolve(false),
  };
}

function handleOf(
  machine: Machine,
  witness: TartWitness,
  vm: MachineVm,
  run: Run,
  isChild: boolean,
): RunHandle {
  const { promise } = run.exited;
  return {
    pid: run.pid,
    startedAt: run.startedAt,
    exited: isChild ? promise : promise.then(() => ({ exitCode: null, signal: null })),
    async signal(signal) {
      if (vm.run !== run) return false;
      machine.note(`${signal} to the run of ${vm.name}`);
      if (signal === "SIGINT" && machine.struck("stop_hangs")) return true;
      witness.onKill(vm);
      machine.endRun(vm, signal === "SIGINT" ? STOPPED_TEXT : "", { exitCode: null, signal });
      return true;
    },
  };
}

const STOPPED_TEXT = "Stopping VM...";
const START_TEXT = "Error: the virtual machine could not be started";
export const CRASH_TEXT = "guest has stopped the virtual machine due to error: crash";
export const OFF_TEXT = "guest has stopped the virtual machine";

function readEnd(log: string, exit?: RunExit): RunEnd {
  const end = (cause: RunEnd["cause"]): RunEnd => ({ cause, logTail: log, failure: null });
  if (log.includes(LIMIT_TEXT)) return { ...end("unknown"), failure: tartFailure("LIMIT", "run") };
  if (log.includes(START_TEXT)) return { ...end("unknown"), failure: tartFailure("START_FAILED", "run") };
  if (log.includes(STOPPED_TEXT)) return end("stopped");
  if (log.includes("due to error")) return end("guest_crashed");
  if (log.includes(OFF_TEXT)) return end("guest_shutdown");
  return end(exit?.signal ? "killed" : "unknown");
}
