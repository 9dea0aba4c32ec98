import type { Invariant } from "../invariant.ts";
import type { AttemptRow, View, VmRow } from "../view.ts";

/** S5: slots are held by exactly the attempts that are not gone, and states and attempts agree. */
export function slotsAddUp(): Invariant {
  let checks = 0;
  return {
    name: "slots-add-up",
    check(view) {
      checks += 1;
      return findMistake(view, checks);
    },
  };
}

/** Asking for the capacity costs more than all other checks together. */
const CAPACITY_EVERY = 20;

function findMistake({ vms, attempts, hosts, fleet }: View, checks: number): string | undefined {
  const byVm = Map.groupBy(attempts, ({ vmId }) => vmId);
  for (const vm of vms.values()) {
    const own = byVm.get(vm.id) ?? [];
    const wrong = mistakeOf(vm, own);
    if (wrong !== undefined) return `VM ${vm.id} (${vm.state}, attempt ${vm.attempt}): ${wrong}`;
  }
  const serving = fleet.site.serving();
  if (!serving || checks % CAPACITY_EVERY !== 0) return undefined;
  const { slots } = serving.useCases.capacity();
  const sum = slots.busy + slots.free + slots.phantom + slots.unreachable + slots.cordoned;
  return sum === slots.total && slots.total === 2 * hosts.length
    ? undefined
    : `capacity does not add up: ${JSON.stringify(slots)}`;
}

function mistakeOf(vm: VmRow, own: readonly AttemptRow[]): string | undefined {
  const present = own.find(({ attempt }) => attempt === vm.attempt);
  const wanted = own.filter(({ want }) => want === "running");
  if (wanted.length > 1) return `${wanted.length} attempts are wanted`;
  if (wanted.some(({ goneAt }) => goneAt !== null)) return "an attempt is wanted and gone";
  if (vm.state === "queued") return wanted.length === 0 ? undefined : "it is queued and an attempt is wanted";
  if (vm.state === "stopping") {
    return present?.want === "gone" && present.goneAt === null
      ? undefined
      : "it is stopping and its attempt is not wanted gone";
  }
  if (vm.state === "deleted" || vm.state === "failed") {
    // One that ended in the queue leaves its earlier attempts to their hosts.
    const isReleased = !present || present.goneAt !== null || vm.hostId === null;
    return wanted.length === 0 && isReleased ? undefined : "it has ended and holds its slot";
  }
  return present?.want === "running" && present.hostId === vm.hostId
    ? undefined
    : "its attempt is not wanted running on its host";
}
