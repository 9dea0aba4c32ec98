import { CallError, type VmRecord } from "@tartfleet/shared";
import { isKept } from "../domain/lifecycle/hold.ts";
import { pressed, type KeptVm } from "../domain/scheduling/pressed.ts";
import { needOf } from "../domain/scheduling/request.ts";
import type { Vm } from "../domain/vm.ts";
import { actOf, nameOf, vmName } from "./acts.ts";
import { roomOf } from "./fleet-view.ts";
import { requireHoldable } from "./hold-limit.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { UseCases } from "./use-cases.ts";
import { vmNotFound } from "./vms.ts";

/** For so long a VM waits before a hold ends for it: what is free, or is just becoming so, is given away sooner. */
const WAITS_MS = 10_000;
/** From the word that somebody waits for the slot to the end of the hold. */
const NOTICE_MS = 60_000;

/** VMs that are held for debugging, until their time is over, somebody ends it, or the queue needs what they have. */
export function startHolds(parts: Parts, patience: Patience) {
  const { store, changes, fleet, leases, clock, config } = parts;
  /** VMs that are there for their hold alone. */
  const kept = new Map<string, Vm>();
  /** VMs that are being removed: what they have is free soon. */
  const leaving = new Map<string, Vm>();
  const sort = (vm: Vm) => {
    for (const [vms, isIn] of [
      [kept, isKept(vm)],
      [leaving, vm.state === "stopping"],
    ] as const) {
      if (isIn) vms.set(vm.id, vm);
      else vms.delete(vm.id);
    }
  };
  store.endingVms().forEach(sort);
  let cancel: (() => void) | undefined;

  function look(): void {
    cancel = undefined;
    patience.keepTrying(press);
  }

  function lookSoon(): void {
    if (kept.size > 0) cancel ??= clock.after(WAITS_MS, look);
  }

  /** A VM that waits with nothing free for it makes the oldest hold end whose slot it could have. */
  async function press(): Promise<void> {
    const now = clock.now();
    const all = [...leaving.values(), ...kept.values()].flatMap(holderOf);
    for (const { vmId, for: waiting } of pressed(fleet.view, all, now - WAITS_MS)) {
      const until = now + NOTICE_MS;
      const why = `VM ${waiting} waits, and nothing else is free for it: the hold ends in ${NOTICE_MS / 1000} s.`;
      const event = { kind: "unheld" as const, source: "control_plane" as const, why, until };
      changes.publish(await store.applyEvent(vmId, event, parts.context()));
    }
    // Who came just now has not waited long enough yet.
    if (!fleet.view.queue.lines().next().done) lookSoon();
  }

  function holderOf(vm: Vm): KeptVm[] {
    const { id, team, hold, hostId } = vm;
    const host = hostId === null || !leases.isConnected(hostId) ? undefined : store.hostById(hostId);
    const room = host && host.cordon === null ? roomOf(host) : undefined;
    if (!room) return [];
    const slot = store.placeOf(id, vm.attempt)?.slot ?? null;
    const isEnding = !hold || !isKept(vm) || hold.until <= clock.now() + NOTICE_MS;
    return [{ vmId: id, team, since: hold?.since ?? 0, isEnding, need: needOf(vm), slot, room }];
  }

  const stops = [
    changes.onApplied(({ vm }) => {
      sort(vm);
      lookSoon();
    }),
    changes.onHostRoom(lookSoon),
    changes.onShares(lookSoon),
  ];
  lookSoon();

  async function change(id: string, apply: () => ReturnType<typeof store.applyEvent>): Promise<VmRecord> {
    if (!store.vm(id)) throw vmNotFound(id);
    const applied = await apply();
    changes.publish(applied);
    if (!applied.vm) throw vmNotFound(id);
    if (applied.outcome === "ignored" && applied.reason !== "nobody holds it") {
      const message = `VM ${id} is ${applied.vm.state}: there is no instance that could be held (${applied.reason}).`;
      throw new CallError("vm_not_holdable", message);
    }
    return parts.records.vmRecord(applied.vm);
  }

  const useCases: Pick<UseCases, "holdVm" | "unholdVm"> = {
    async holdVm(caller, id, { forSeconds, reason }) {
      requireHoldable(forSeconds, config.maxHoldSeconds, "forSeconds");
      const by = nameOf(caller.principal);
      const event = {
        kind: "held" as const,
        by,
        reason: reason ?? null,
        until: clock.now() + forSeconds * 1000,
      };
      const act = actOf(caller, "vm.hold", vmName(id), { seconds: forSeconds, reason: reason ?? null });
      return change(id, () => store.applyEvent(id, event, parts.context(), act));
    },

    async unholdVm(caller, id) {
      const why = `${nameOf(caller.principal)} ended its hold.`;
      const event = { kind: "unheld" as const, source: "client" as const, why, until: clock.now() };
      const act = actOf(caller, "vm.unhold", vmName(id));
      return change(id, () => store.applyEvent(id, event, parts.context(), act));
    },
  };

  return {
    useCases,
    stop() {
      for (const stop of stops) stop();
      cancel?.();
    },
  };
}
