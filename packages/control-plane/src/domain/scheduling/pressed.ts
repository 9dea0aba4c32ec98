import type { FleetView } from "./decide.ts";
import { misfit, takeBackRoom, type HostRoom } from "./host-room.ts";
import type { Need, Request } from "./request.ts";
import { isCapped, shareOf } from "./shares.ts";

/** A VM that has come to its end and has its slot still: somebody holds it, or it is being removed. */
export interface KeptVm {
  vmId: string;
  team: string;
  /** Since when it is held; milliseconds. */
  since: number;
  /** It goes soon anyhow. */
  isEnding: boolean;
  need: Need;
  slot: number | null;
  /** Its host, with what it has of it taken. */
  room: HostRoom;
}

/**
 * Whose hold must end for whom: of VMs that wait and for which nothing else is free, each the oldest hold whose host
 * it fits without it. What ends soon anyhow is counted first.
 *
 * @param waitingSince only of those that wait for as long; milliseconds
 */
export function pressed(
  view: Pick<FleetView, "queue" | "rooms" | "held" | "policy">,
  kept: readonly KeptVm[],
  waitingSince: number,
): { vmId: string; for: string }[] {
  const left = kept.toSorted((a, b) => Number(b.isEnding) - Number(a.isEnding) || a.since - b.since);
  const ends: { vmId: string; for: string }[] = [];
  const lines = [...view.queue.lines()].toSorted((a, b) => a.due - b.due);
  for (const { team, need, requests } of lines) {
    const imageGiB = view.rooms.imageGiB(need);
    for (const request of requests) {
      if (left.length === 0) return ends;
      if (Math.max(request.since, request.failedAt ?? 0) > waitingSince) continue;
      if (view.rooms.find(need, request.triedHosts)) break;
      const at = left.findIndex((one) => makesRoom(one, request, imageGiB) && mayHave(view, team, one));
      // Whoever waits in the same line needs the same.
      if (at === -1) break;
      const [chosen] = left.splice(at, 1);
      if (chosen && !chosen.isEnding) ends.push({ vmId: chosen.vmId, for: request.vmId });
    }
  }
  return ends;
}

function makesRoom({ room, need, slot }: KeptVm, request: Request, imageGiB: number | undefined): boolean {
  return misfit(request.need, takeBackRoom(room, need, slot), imageGiB) === undefined;
}

/** A team at its cap may have a slot again when it is its own VM that goes. */
function mayHave(
  { policy, held }: Pick<FleetView, "policy" | "held">,
  team: string,
  { team: holder, slot }: KeptVm,
): boolean {
  const has = held.ofTeam(team) - (holder === team && slot !== null ? 1 : 0);
  return !isCapped(shareOf(policy, team), has);
}
