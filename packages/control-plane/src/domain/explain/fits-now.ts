import { giveRoom, misfit, type HostRoom } from "../scheduling/host-room.ts";
import type { Need } from "../scheduling/request.ts";
import { isCapped, reservedForOthers, shareOf, type SharePolicy } from "../scheduling/shares.ts";
import type { FleetView } from "../scheduling/decide.ts";

/** How many VMs of a kind could start now. */
export interface FitsNow {
  count: number;
  /** Of those on hosts that have the image. */
  withImage: number;
  limitedBy: "hosts" | "share" | "reserved";
}

/** Whether a host could take it once it is empty: what the scheduler's other reasons say passes. */
export function couldTake(room: HostRoom, need: Need): boolean {
  const reason = misfit(need, room, undefined);
  return reason !== "labels" && reason !== "too_small";
}

/** How many of them the hosts have room for, and how many of those the team and class may have. */
export function fitsNow(
  view: Pick<FleetView, "held" | "policy"> & {
    rooms: Pick<FleetView["rooms"], "all" | "freeSlots" | "imageGiB">;
  },
  need: Need,
  team: string,
  priority: string,
): FitsNow {
  const { rooms, held, policy } = view;
  const imageGiB = rooms.imageGiB(need);
  let onHosts = 0;
  let withImage = 0;
  for (const room of rooms.all()) {
    const number = howMany(room, need, imageGiB);
    onHosts += number;
    if (room.images.has(need.image)) withImage += number;
  }
  if (need.os === "linux") return { count: onHosts, withImage, limitedBy: "hosts" };
  const ofTeam = mayHave(policy, team, held.ofTeam(team));
  const ofClass = Math.max(0, rooms.freeSlots() - reservedForOthers(policy, priority, held));
  const count = Math.min(onHosts, ofTeam, ofClass);
  const limitedBy = count === onHosts ? "hosts" : count === ofTeam ? "share" : "reserved";
  return { count, withImage: Math.min(withImage, count), limitedBy };
}

/** How many more slots the team may hold. */
function mayHave(policy: SharePolicy, team: string, has: number): number {
  const share = shareOf(policy, team);
  if (share.cap === null) return Infinity;
  return isCapped(share, has) ? 0 : share.cap - has;
}

/** Linux VMs on one host end with its memory; nothing takes more than that. */
const MOST_ON_A_HOST = 64;

function howMany(room: HostRoom, need: Need, imageGiB: number | undefined): number {
  let left = room;
  let number = 0;
  while (number < MOST_ON_A_HOST && misfit(need, left, imageGiB) === undefined) {
    left = giveRoom(left, need).room;
    number += 1;
  }
  return number;
}
