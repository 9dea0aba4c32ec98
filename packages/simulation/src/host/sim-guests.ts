import type { Guest } from "@tartfleet/agent/src/guest/guest.ts";
import type { Guests } from "@tartfleet/agent/src/host/ports.ts";
import { failed, ok } from "@tartfleet/agent/src/tart/result.ts";
import type { Bootstrap } from "@tartfleet/shared";
import { instanceName, type AttemptError } from "@tartfleet/shared";
import { takes } from "./commands.ts";
import { OFF_TEXT } from "./sim-tart.ts";
import type { Machine, MachineVm, Run } from "./machine.ts";

const PROBE_MS = 1000;

const UNREACHABLE: AttemptError = {
  code: "guest_unreachable",
  message: "the guest does not answer",
  facts: {},
};

/** Starts what a guest was set up with; once per instance, however often it is asked. */
export type StartRunner = (vm: MachineVm, run: Run, bootstrap: Bootstrap) => void;

/** What agents do inside guests: it takes time, and its answer may be lost. */
export function createSimGuests(
  machine: Machine,
  startRunner: StartRunner,
  onKill: (vm: MachineVm) => void,
): Guests {
  const { random, timeline, vms } = machine;
  const names = new WeakMap<Guest, string>();
  const runOf = (name: string) => vms.get(name)?.run;
  const answers = (name: string) => (runOf(name)?.answersAt ?? Number.POSITIVE_INFINITY) <= timeline.now();
  const nameOf = (guest: Guest) => names.get(guest) ?? "";

  return {
    async reach({ name }, { budgetMs, signal }) {
      const deadline = timeline.now() + budgetMs;
      while (!answers(name)) {
        if (signal.aborted || timeline.now() >= deadline) return failed(UNREACHABLE);
        await takes(machine, PROBE_MS);
      }
      const guest: Guest = {
        via: "exec",
        run: () => Promise.reject(new Error("guests are simulated as a whole")),
      };
      names.set(guest, name);
      return ok({ guest, ip: "192.168.64.7" });
    },
    async provision(_guest, { vmId, attempt }, bootstrap, signal) {
      const name = instanceName(vmId, attempt);
      await takes(machine, random.between(200, 3000));
      const vm = vms.get(name);
      if (!vm?.run || signal.aborted) return failed({ kind: "again", error: UNREACHABLE });
      if (machine.struck("provision_fails")) {
        const error: AttemptError = { code: "provision_failed", message: "the disk is full", facts: {} };
        return failed({ kind: "final", error });
      }
      startRunner(vm, vm.run, bootstrap);
      await takes(machine, random.between(50, 1000));
      return machine.struck("exec_lost") ? failed({ kind: "again", error: UNREACHABLE }) : ok();
    },
    async scriptResult(guest) {
      await takes(machine, 200);
      if (!answers(nameOf(guest)) || machine.struck("exec_lost")) return null;
      return { exitCode: 0, output: "done", truncated: false };
    },
    async requestShutdown(guest) {
      await takes(machine, 200);
      const name = nameOf(guest);
      const vm = vms.get(name);
      const run = vm?.run;
      if (!vm || !run || !answers(name) || machine.struck("exec_lost")) return false;
      if (machine.struck("shutdown_ignored")) return true;
      onKill(vm);
      timeline.after(random.between(1000, 12_000), () => {
        if (vm.run === run) machine.endRun(vm, OFF_TEXT, { exitCode: 0, signal: null });
      });
      return true;
    },
  };
}
