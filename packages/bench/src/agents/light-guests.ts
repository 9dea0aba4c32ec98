import { setTimeout as wait } from "node:timers/promises";
import type { Guest } from "@tartfleet/agent/src/guest/guest.ts";
import type { Guests } from "@tartfleet/agent/src/host/ports.ts";
import { ok } from "@tartfleet/agent/src/tart/result.ts";
import { instanceName, type Bootstrap } from "@tartfleet/shared";
import type { LightVms } from "./light-tart.ts";

/** How long the jobs of light guests last, in milliseconds; null: until somebody ends their VM. */
export type JobLength = () => number | null;

/** Ends a VM from inside: the runner has exited. */
export type SayExited = (vmId: string, bootstrap: Bootstrap) => Promise<void>;

/** Guests that answer at once; their runner ends after its job, and says so as a real one's hook does. */
export function createLightGuests(vms: LightVms, jobMs: JobLength, sayExited: SayExited): Guests {
  const names = new WeakMap<Guest, string>();

  async function work(vmId: string, bootstrap: Bootstrap): Promise<void> {
    const lasts = jobMs();
    if (lasts === null) return;
    await wait(lasts);
    await sayExited(vmId, bootstrap);
  }

  return {
    async reach({ name }) {
      const guest: Guest = { via: "exec", run: () => Promise.reject(new Error("light guests run nothing")) };
      names.set(guest, name);
      return ok({ guest, ip: "192.168.64.7" });
    },
    async provision(guest, { vmId, attempt }, bootstrap) {
      names.set(guest, instanceName(vmId, attempt));
      void work(vmId, bootstrap);
      return ok();
    },
    scriptResult: async () => ({ exitCode: 0, output: "done", truncated: false }),
    requestShutdown: async (guest) => vms.switchOff(names.get(guest) ?? ""),
  };
}
