import { instanceName } from "@tartfleet/shared";
import { sleep } from "../../src/clock.ts";
import type { Guest } from "../../src/guest/guest.ts";
import type { Guests } from "../../src/host/ports.ts";
import { failed, ok } from "../../src/tart/result.ts";
import type { FakeWorld } from "./fake-world.ts";

const PROBE_MS = 500;

/** Guests of the fake world: they answer some time after their run began. */
export function createFakeGuests(world: FakeWorld): Guests & { scripts: Map<string, number> } {
  const { clock } = world;
  const names = new Map<Guest, string>();
  const scripts = new Map<string, number>();
  const isUp = (name: string) => {
    const run = world.vms.get(name)?.run;
    return run !== undefined && run !== null && clock.now() - run.since >= world.bootMs;
  };

  return {
    scripts,
    async reach({ name }, { budgetMs, signal }) {
      const deadline = clock.now() + budgetMs;
      while (!isUp(name)) {
        if (signal.aborted || clock.now() >= deadline) {
          return failed({ code: "guest_unreachable", message: "the guest does not answer", facts: {} });
        }
        await sleep(clock, PROBE_MS, signal);
      }
      const guest: Guest = { via: "exec", run: () => Promise.reject(new Error("not used")) };
      names.set(guest, name);
      return ok({ guest, ip: "192.168.64.7" });
    },
    async provision(_guest, { vmId, attempt }, bootstrap, signal) {
      const name = instanceName(vmId, attempt);
      world.acts.push(`provision ${name} with ${bootstrap.vmName}`);
      await sleep(clock, 400, signal);
      const vm = world.vms.get(name);
      if (!vm?.run) {
        return failed({
          kind: "again",
          error: { code: "guest_unreachable", message: "the guest is gone", facts: {} },
        });
      }
      // The guest's own marker: a second supervise.sh finds the first one's.
      if (vm.runnersStarted === 0) vm.runnersStarted += 1;
      await sleep(clock, 100, signal);
      return ok();
    },
    async scriptResult(guest) {
      const name = names.get(guest) ?? "";
      world.acts.push(`script_result ${name}`);
      return { exitCode: scripts.get(name) ?? 0, output: "done", truncated: false };
    },
    async requestShutdown(guest) {
      const name = names.get(guest) ?? "";
      world.acts.push(`shutdown ${name}`);
      if (world.shutdownMs !== null) {
        clock.after(world.shutdownMs, () =>
          world.endRun(name, "guest has stopped the virtual machine", { exitCode: 0, signal: null }),
        );
      }
      return true;
    },
  };
}
