import { canonicalImage, DEFAULT_PRIORITY, type CapacityQuery, type CapacityRoom } from "@tartfleet/shared";
import { couldTake, fitsNow } from "../domain/explain/fits-now.ts";
import { leavingWithin } from "../domain/explain/forecast.ts";
import type { Need } from "../domain/scheduling/request.ts";
import { imageOf, type Resolution } from "../domain/vm.ts";
import { shareOf } from "../domain/scheduling/shares.ts";
import type { FleetStanding } from "./standing.ts";

/** How far ahead capacity looks. */
const AHEAD_MS = 15 * 60_000;

/**
 * How many VMs of a kind could start now for a team, and how many of those that are in their way end soon.
 *
 * @param lastKnown what an image's tag was last found to stand for: hosts that have an older one under it do not count
 */
export function roomFor(
  standing: FleetStanding,
  query: CapacityQuery,
  team: string,
  lastKnown: (image: string) => Resolution | null,
): CapacityRoom {
  const { view } = standing;
  const need = needOfQuery(query, lastKnown);
  const fits = fitsNow(view, need, team, query.priority ?? DEFAULT_PRIORITY);
  return {
    team,
    image: query.image ?? null,
    startNow: fits.count,
    withImage: query.image === undefined ? null : fits.withImage,
    limitedBy: fits.limitedBy,
    teamHolds: view.held.ofTeam(team),
    teamCap: shareOf(view.policy, team).cap,
    waiting: view.queue.size(),
    frees: freesFor(standing, need),
  };
}

function freesFor(standing: FleetStanding, need: Need): CapacityRoom["frees"] {
  if (standing.runs() === 0) return null;
  const now = standing.now();
  const occupants = now.occupants.filter(({ hostId, slot }) => {
    const room = standing.view.rooms.room(hostId);
    return room !== undefined && couldTake(room, need) && (need.os === "linux" || slot !== null);
  });
  return { withinSeconds: AHEAD_MS / 1000, ...leavingWithin({ ...now, occupants }, AHEAD_MS) };
}

function needOfQuery(
  { image: asked = "", os, cpu, memoryMiB, hostLabels }: CapacityQuery,
  lastKnown: (image: string) => Resolution | null,
): Need {
  const image = canonicalImage(asked) ?? asked;
  return {
    os: os ?? "macos",
    image: imageOf({ spec: { image }, resolution: lastKnown(image) }),
    asked: image,
    cpu: cpu ?? null,
    memoryMiB: memoryMiB ?? null,
    hostLabels: hostLabels ?? {},
    preferredHostLabels: {},
  };
}
