import { CallError } from "@tartfleet/shared";
import { couldTake } from "../domain/explain/fits-now.ts";
import { isSchedulable, type HostGroup } from "../domain/explain/host-groups.ts";
import { agreed } from "../domain/explain/words.ts";
import { needOf, type Need } from "../domain/scheduling/request.ts";
import { shareOf } from "../domain/scheduling/shares.ts";
import type { Vm } from "../domain/vm.ts";
import type { FleetStanding } from "./standing.ts";

/**
 * Refuses what no host that is registered could ever take. One that is silent, cordoned or not connected yet could;
 * and while none is registered at all, the hosts are only not there yet.
 *
 * @throws CallError unschedulable
 */
export function requireSchedulable(
  standing: FleetStanding,
  vm: Pick<Vm, "spec" | "resolution" | "team">,
): void {
  const { view } = standing;
  const need = needOf(vm);
  const { team } = vm;
  if (need.os === "macos" && shareOf(view.policy, team).cap === 0) {
    throw new CallError(
      "unschedulable",
      `Team ${team} may hold no slot: its cap is 0. Have an admin raise it, or send allowPending: true to wait.`,
    );
  }
  for (const room of view.rooms.all()) if (couldTake(room, need)) return;
  const groups = standing.groups(need);
  if (groups.length === 0 || isSchedulable(groups)) return;
  const total = groups.reduce((sum, { names }) => sum + names.length, 0);
  const says = groups.map(({ names, text }) => `${names.length} ${text}`).join("; ");
  throw new CallError(
    "unschedulable",
    `No host of this fleet can ever take this VM (${agreed(total, "host")}: ${says}). Ask for less, add such a host, or send allowPending: true to wait for one.`,
    fieldsOf(groups, need),
  );
}

/** Which fields of the request are asked too much of. */
function fieldsOf(
  groups: readonly HostGroup[],
  { cpu, memoryMiB }: Need,
): { path: string; message: string }[] {
  const lacksLabels = groups.some(({ reason }) => reason === "labels");
  const isTooLarge = groups.some(({ reason }) => reason === "too_small");
  const size = { message: "no host with these labels is so large" };
  return [
    ...(lacksLabels
      ? [{ path: "hostLabels", message: "no host that is large enough carries all of these" }]
      : []),
    ...(isTooLarge && cpu !== null ? [{ path: "cpu", ...size }] : []),
    ...(isTooLarge && memoryMiB !== null ? [{ path: "memoryMiB", ...size }] : []),
  ];
}
