import { BRING_UP_STATES, type RemovedHost } from "@tartfleet/shared";
import { dueOf, nextTimeOf, type Cordon } from "../domain/cordon.ts";
import type { VmOnHost } from "../store/cordons.ts";
import { actOf, hostName, nameOf, ownAct } from "./acts.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { UseCases } from "./use-cases.ts";

type CordonUseCases = Pick<UseCases, "cordonHost" | "uncordonHost" | "drainHost" | "removeHost">;

/** Hosts that get nothing new, by whose wish and until when, and those that leave the fleet. */
export function makeCordons(
  parts: Parts,
  patience: Patience,
): { useCases: CordonUseCases; /** Cordons were changed by others. */ changed(): void; stop(): void } {
  const { store, changes, leases, records, clock, context } = parts;
  let cancel = () => {};

  /** Waits for the next time at which a cordon ends or a drain is overdue. There are few cordons. */
  function arm(): void {
    cancel();
    cancel = () => {};
    const times = store.cordons().flatMap(({ cordon }) => nextTimeOf(cordon) ?? []);
    if (times.length > 0)
      cancel = clock.after(Math.min(...times) - clock.now(), () => patience.keepTrying(fire));
  }

  async function fire(): Promise<void> {
    for (const { hostId, name, cordon } of store.cordons()) {
      const due = dueOf(cordon, clock.now());
      if (due === "over") {
        await store.setCordon(
          name,
          null,
          ownAct("host.uncordon", name, { until: cordon.until }),
          clock.now(),
        );
        changes.hostRoomChanged(hostId);
      }
      if (due === "overdue") await drainOverdue(name, cordon);
      if (due === "probe" && cordon.breaker) {
        const probing = { ...cordon, breaker: { ...cordon.breaker, probingSince: clock.now() } };
        await store.setCordon(name, probing, ownAct("host.probe", name, {}), clock.now());
        changes.hostRoomChanged(hostId);
      }
    }
    arm();
  }

  async function drainOverdue(name: string, cordon: Cordon): Promise<void> {
    const { drain } = cordon;
    const left = store.vmsOn(name);
    const act = ownAct("host.drain_overdue", name, {
      vms: left.map(({ vmId }) => vmId).join(" "),
      endVms: drain?.endVms ?? false,
    });
    if (drain?.endVms) {
      const by = `The drain of host ${name} (${cordon.by}: ${cordon.reason})`;
      for (const { vmId, isFormer } of left)
        if (!isFormer)
          changes.publish(await store.applyEvent(vmId, { kind: "end_requested", by }, context()));
    }
    const overdue = { ...cordon, drain: drain && { ...drain, isOverdue: true } };
    await store.setCordon(name, overdue, act, clock.now());
  }

  async function cordon(
    caller: Parameters<CordonUseCases["cordonHost"]>[0],
    name: string,
    wanted: Omit<Cordon, "by" | "since">,
  ) {
    const now = clock.now();
    const { reason, until, drain } = wanted;
    const act = actOf(caller, drain ? "host.drain" : "host.cordon", hostName(name), {
      reason,
      until,
      ...(drain ? { deadlineAt: drain.deadlineAt, endVms: drain.endVms } : {}),
    });
    const by = nameOf(caller.principal);
    const hostId = await store.setCordon(name, { ...wanted, by, since: now }, act, now);
    changes.hostRoomChanged(hostId);
    arm();
    return records.hostNamed(name);
  }

  arm();
  return {
    useCases: {
      cordonHost: (caller, name, { reason, forSeconds }) =>
        cordon(caller, name, {
          reason,
          until: forSeconds === undefined ? null : clock.now() + forSeconds * 1000,
          drain: null,
        }),

      drainHost: (caller, name, { reason, deadlineSeconds, endVms }) =>
        cordon(caller, name, {
          reason,
          until: null,
          drain: { deadlineAt: clock.now() + deadlineSeconds * 1000, endVms, isOverdue: false },
        }),

      async uncordonHost(caller, name) {
        const act = actOf(caller, "host.uncordon", hostName(name));
        const hostId = await store.setCordon(name, null, act, clock.now());
        changes.hostRoomChanged(hostId);
        arm();
        return records.hostNamed(name);
      },

      async removeHost(caller, name, { force = false, dryRun = false }) {
        if (dryRun) return removed(name, false, store.vmsOn(name));
        const act = actOf(caller, "host.remove", hostName(name), { force });
        const { hostId, vms, applied } = await store.removeHost(name, force, act, context());
        for (const step of applied) changes.publish(step);
        // Its agent is cut off: the credential is no longer valid.
        changes.credentialChanged(hostId);
        leases.forget(hostId);
        changes.hostRoomChanged(hostId);
        arm();
        return removed(name, true, vms);
      },
    },
    changed: arm,
    stop: () => cancel(),
  };
}

function removed(name: string, isRemoved: boolean, vms: readonly VmOnHost[]): RemovedHost {
  return {
    name,
    removed: isRemoved,
    vms: vms
      .filter(({ isFormer }) => !isFormer)
      .map((vm) => ({ vmId: vm.vmId, state: vm.state, becomes: becomes(vm) })),
  };
}

const COMING_UP: ReadonlySet<string> = new Set([
  "assigned",
  ...BRING_UP_STATES.filter((state) => state !== "ready"),
]);

function becomes({ state, isWarm }: VmOnHost): RemovedHost["vms"][number]["becomes"] {
  if (COMING_UP.has(state) && !isWarm) return "queued";
  return state === "stopping" ? "ended" : "failed";
}
