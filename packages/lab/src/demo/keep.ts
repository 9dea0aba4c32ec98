import type { Fleet } from "../fleet/fleet.ts";
import { until } from "../fleet/until.ts";

/** Ends the VMs that people asked for while the fleet was left running, so that it is stopped empty. */
export async function endWhatLives(fleet: Fleet): Promise<void> {
  const vms = await fleet.api.listVms();
  const living = vms.filter(({ endedAt }) => endedAt === null);
  await Promise.all(living.map(({ id }) => fleet.api.deleteVm(id)));
  await until("the last VMs to end", async () => {
    const { slots, queued } = await fleet.api.capacity();
    return slots.busy + queued === 0;
  });
}
