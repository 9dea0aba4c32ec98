import type { Invariant } from "../invariant.ts";
import { instanceOf, type AttemptRow, type View } from "../view.ts";

/** Nothing is placed on a host that was cordoned before and still is. */
export function cordonsHold(): Invariant {
  let known: ReadonlySet<string> | undefined;
  let cordons: ReadonlyMap<number, number> = new Map();
  const remember = ({ attempts, hosts }: View) => {
    known = new Set(attempts.map(keyOf));
    cordons = new Map(
      hosts.flatMap(({ id, cordonedSince }) => (cordonedSince === null ? [] : [[id, cordonedSince]])),
    );
  };
  return {
    name: "cordons-hold",
    check(view) {
      const [before, were] = [known, cordons];
      remember(view);
      const placed = view.attempts.find(
        (attempt) => before && !before.has(keyOf(attempt)) && isCordoned(were, cordons, attempt.hostId),
      );
      if (!placed) return undefined;
      const host = view.hosts.find(({ id }) => id === placed.hostId);
      return `${instanceOf(placed)} was placed on ${host?.name}, which is cordoned`;
    },
    onRestored: remember,
  };
}

/** In one group of steps a host may have been uncordoned before, or cordoned after it got a VM. */
function isCordoned(
  were: ReadonlyMap<number, number>,
  are: ReadonlyMap<number, number>,
  hostId: number,
): boolean {
  const since = were.get(hostId);
  return since !== undefined && are.get(hostId) === since;
}

const keyOf = ({ vmId, attempt }: AttemptRow) => `${vmId} ${attempt}`;
