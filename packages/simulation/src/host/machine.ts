import type { Entry } from "@tartfleet/agent/src/reconcile/instance.ts";
import type { RunExit } from "@tartfleet/agent/src/tart/tart.ts";
import { SLOTS_PER_HOST, type GuestOs } from "@tartfleet/shared";
import type { HostFault } from "../plan/plan.ts";
import type { Random } from "../world/random.ts";
import type { Timeline } from "../world/timeline.ts";
import type { Trace } from "../world/trace.ts";

/** A tart VM on a simulated Mac. */
export interface MachineVm {
  name: string;
  os: GuestOs;
  isForeign: boolean;
  /** Of the image that it was cloned from. */
  digest: string | null;
  /** That it was made from; null for a foreign one. */
  image: string | null;
  isConfigured: boolean;
  /** tart has said that it was deleted, which was a lie. */
  isSaidGone?: boolean;
  /** The mark on the guest's disk that its runner was started. */
  hasRunner: boolean;
  run: Run | null;
}

/** A live `tart run` with the guest in it. */
export interface Run {
  pid: number;
  startedAt: string;
  since: number;
  logPath: string;
  exited: PromiseWithResolvers<RunExit>;
  /** False until macOS has let it have its slot. */
  isAdmitted: boolean;
  /** When the guest answers; infinite for one that never does. */
  answersAt: number;
  /** Called when it ends: the guest is no more. */
  onEnd: (() => void)[];
}

/** Files of one agent's data directory. */
export interface DataDir {
  path: string;
  journal: Map<string, Entry>;
  pulledImages: string[];
  /** Entries that the disk has lost: nothing points to their logs any more. */
  lost: Set<string>;
}

/** A simulated Mac: what is on it whatever agent looks at it. */
export interface Machine {
  readonly name: string;
  readonly number: number;
  readonly timeline: Timeline;
  readonly random: Random;
  isUp: boolean;
  /** Counts boots: what was begun in an earlier one never ends. */
  boots: number;
  /** Grows with everything that an auditor may want to look at. */
  version: number;
  vms: Map<string, MachineVm>;
  /** What it has, by name, with what the name stands for there. */
  images: Map<string, string>;
  logs: Map<string, string>;
  /** Slots that macOS believes to be taken although nothing runs in them. */
  leakedSlots: number;
  /** Commands under way that make an instance. */
  clones: Set<string>;
  note(what: string): void;
  /** Whether a fault strikes now. */
  struck(fault: HostFault): boolean;
  strike(fault: HostFault, chance: number, until: number): void;
  clearFaults(): void;
  startRun(vm: MachineVm, logPath: string): Run;
  endRun(vm: MachineVm, log: string, exit: RunExit): void;
  addForeign(os: GuestOs): MachineVm;
  powerOff(): void;
  powerOn(): void;
  /** Everything on its disk is gone. */
  erase(): void;
}

export interface Counts {
  count(kind: string): void;
}

function macosRuns(machine: Machine): MachineVm[] {
  return [...machine.vms.values()].filter(({ os, run }) => os === "macos" && run !== null);
}

export function createMachine(options: {
  number: number;
  timeline: Timeline;
  random: Random;
  trace: Trace;
  counts: Counts;
  onRunEnd: (vm: MachineVm) => void;
}): Machine {
  const { number, timeline, random, trace, counts, onRunEnd } = options;
  const name = `host-${number}`;
  const faults = new Map<HostFault, { chance: number; until: number }>();
  let lastPid = 100;
  let foreigners = 0;

  const machine: Machine = {
    name,
    number,
    timeline,
    random,
    isUp: true,
    boots: 1,
    version: 0,
    vms: new Map(),
    images: new Map(),
    logs: new Map(),
    leakedSlots: 0,
    clones: new Set(),
    note: (what) => trace.note(`tart@${number}`, what),
    struck(fault) {
      const active = faults.get(fault);
      if (!active || active.until <= timeline.now()) return false;
      if (!random.chance(active.chance)) return false;
      counts.count(`tart ${fault}`);
      return true;
    },
    strike: (fault, chance, until) => void faults.set(fault, { chance, until }),
    clearFaults: () => faults.clear(),
    startRun(vm, logPath) {
      lastPid += 1;
      const run: Run = {
        pid: lastPid,
        startedAt: `${name}-${machine.boots}-${lastPid}`,
        since: timeline.now(),
        logPath,
        exited: Promise.withResolvers(),
        isAdmitted: false,
        answersAt: Number.POSITIVE_INFINITY,
        onEnd: [],
      };
      const others = macosRuns(machine).length + machine.leakedSlots;
      vm.run = run;
      machine.version += 1;
      // The limit is found only after the lock was taken (tart-contract §4.1).
      timeline.after(100, () => {
        if (vm.run !== run) return;
        if (vm.os === "macos" && others >= SLOTS_PER_HOST) {
          machine.endRun(vm, LIMIT_TEXT, { exitCode: 1, signal: null });
        } else run.isAdmitted = true;
      });
      return run;
    },
    endRun(vm, log, exit) {
      const { run } = vm;
      if (!run) return;
      vm.run = null;
      machine.version += 1;
      if (machine.isUp) machine.logs.set(run.logPath, `${machine.logs.get(run.logPath) ?? ""}${log}\n`);
      machine.note(`run of ${vm.name} ended: ${log === "" ? (exit.signal ?? "?") : log}`);
      onRunEnd(vm);
      for (const tell of run.onEnd) tell();
      run.exited.resolve(exit);
    },
    addForeign(os) {
      foreigners += 1;
      const vm: MachineVm = {
        name: `somebodys-${foreigners}`,
        os,
        isForeign: true,
        digest: null,
        image: null,
        isConfigured: true,
        hasRunner: false,
        run: null,
      };
      machine.vms.set(vm.name, vm);
      machine.startRun(vm, `foreign/${vm.name}`);
      return vm;
    },
    powerOff() {
      machine.isUp = false;
      machine.note("the host is off");
      for (const vm of machine.vms.values()) machine.endRun(vm, "", { exitCode: null, signal: "SIGKILL" });
      machine.clones.clear();
      machine.leakedSlots = 0;
    },
    erase() {
      machine.vms.clear();
      machine.images.clear();
      machine.logs.clear();
      machine.version += 1;
      machine.note("the host is erased");
    },
    powerOn() {
      machine.isUp = true;
      machine.boots += 1;
      machine.version += 1;
      machine.note("the host is up");
    },
  };
  return machine;
}

export const LIMIT_TEXT = "The number of VMs exceeds the system limit";
