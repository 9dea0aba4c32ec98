import { capacitySchema, hostRecordSchema, isTerminal, vmRecordSchema } from "@tartfleet/shared";
import { expect } from "vitest";
import type { Plane } from "../helpers/plane.ts";

/** What holds of the fleet whatever was sent to it. */
export function expectSound({ useCases }: Pick<Plane, "useCases">): void {
  const held = new Set<string>();
  for (const host of useCases.listHosts()) {
    hostRecordSchema.parse(host);
    expect(host.slots).toHaveLength(2);
    for (const { vmId, attempt } of host.slots) {
      if (vmId === null || attempt === null) continue;
      expect(held, "an attempt holds one slot").not.toContain(`${vmId}/${attempt}`);
      held.add(`${vmId}/${attempt}`);
      const vm = useCases.getVm(vmId);
      expect(isTerminal(vm.state)).toBe(false);
      // An attempt that failed keeps its slot until it is seen gone, while the VM's next one is under way.
      expect(attempt).toBeLessThanOrEqual(vm.attempt);
      if (attempt === vm.attempt && vm.host !== null) expect(host.name).toBe(vm.host);
    }
  }
  let queued = 0;
  let cursor: string | undefined;
  do {
    const page = useCases.listVms({
      limit: 500,
      state: undefined,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id } of page.vms) {
      const vm = vmRecordSchema.parse(useCases.getVm(id));
      if (vm.state === "queued") queued += 1;
      expect(vm.endedAt === null).toBe(!isTerminal(vm.state));
      const [first, ...later] = useCases.vmEvents(id, 0, 1000);
      expect(first?.type).toBe("accepted");
      const ends = later.filter(({ state, type }) => type === "state" && isTerminal(state));
      expect(ends.length).toBeLessThanOrEqual(1);
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const { slots, queued: counted } = capacitySchema.parse(useCases.capacity());
  expect(slots.busy + slots.free + slots.phantom + slots.unreachable + slots.cordoned).toBe(slots.total);
  expect(counted).toBe(queued);
}
