import type { Invariant } from "../invariant.ts";
import { fits, largeOnesWaiting } from "../room.ts";
import { dueOf, heldBy, isHeldBack, shareOf } from "../shares.ts";
import { instanceOf, type AttemptRow, type View, type VmRow } from "../view.ts";
import { DECISION_MS } from "./queue-moves.ts";

/**
 * No team gets a slot beyond its cap. What a team is guaranteed comes before what others borrow, and in a team what is
 * more urgent, or as urgent and came earlier, before the rest that asks for the same.
 */
export function sharesHold(): Invariant {
  let before: View | undefined;
  /** Since when those wait who have not been tried and know what they ask for. */
  let since = new Map<string, number>();
  return {
    name: "shares-hold",
    check(view) {
      const [was, waited] = [before, since];
      before = view;
      const waiting = [...view.vms.values()].filter(
        ({ state, attempt, resolution }) => state === "queued" && attempt === 0 && resolution !== "waiting",
      );
      since = new Map(waiting.map(({ id }) => [id, waited.get(id) ?? view.now]));
      if (!was) return undefined;
      const known = new Set(was.attempts.map(instanceOf));
      const long = waiting.filter(({ id }) => view.now - (since.get(id) ?? view.now) > DECISION_MS);
      for (const attempt of view.attempts) {
        const vm = view.vms.get(attempt.vmId);
        if (
          !vm ||
          vm.pool !== null ||
          attempt.slot === null ||
          attempt.goneAt !== null ||
          known.has(instanceOf(attempt))
        )
          continue;
        const wrong = overCap(vm, was, view) ?? wronged(vm, attempt, long, was, view);
        if (wrong !== undefined) return `${instanceOf(attempt)} was placed ${wrong}`;
      }
      return undefined;
    },
    onRestored() {
      before = undefined;
      since.clear();
    },
  };
}

/** In one group of steps a cap may also have been lowered after the placement, or raised before. */
function overCap({ team }: VmRow, was: View, view: View): string | undefined {
  const caps = [was, view].map((seen) => shareOf(seen, team).cap ?? Number.POSITIVE_INFINITY);
  const [held, cap] = [heldBy(team, view), Math.max(...caps)];
  return held > cap ? `as number ${held} of team ${team}, whose cap is ${cap}` : undefined;
}

/** Those who should have had the room. Not judged where hosts or shares changed in the same step. */
function wronged(
  vm: VmRow,
  { hostId, attempt, instance }: AttemptRow,
  waiting: readonly VmRow[],
  was: View,
  view: View,
): string | undefined {
  if (stateOf(was) !== stateOf(view)) return undefined;
  const overtaken = waiting.find(
    (other) =>
      attempt === 1 && other.team === vm.team && asksForTheSame(other, vm) && dueOf(other) < dueOf(vm),
  );
  if (overtaken) return `before VM ${overtaken.id}, which is more urgent in team ${vm.team}`;
  const host = view.hosts.find(({ id }) => id === hostId);
  const borrows = heldBy(vm.team, view) > shareOf(view, vm.team).guaranteed;
  // A warm VM is good for its own image alone.
  if (!host || !borrows || instance !== null || largeOnesWaiting(was).length > 0) return undefined;
  const attempts = view.attempts.filter((other) => other.vmId !== vm.id);
  const owed = waiting.find(
    (other) =>
      other.os === "macos" &&
      heldBy(other.team, view) < shareOf(view, other.team).guaranteed &&
      !isHeldBack(other, view) &&
      fits(other, host, { ...view, attempts }),
  );
  return owed && `by borrowing, while VM ${owed.id} waits for what is guaranteed to team ${owed.team}`;
}

const stateOf = ({ hosts, shares }: View) =>
  JSON.stringify([
    hosts.map(({ id, phantoms, isCordoned, epoch }) => [id, phantoms, isCordoned, epoch]),
    shares,
  ]);

function asksForTheSame(a: VmRow, b: VmRow): boolean {
  return (["os", "image", "digest", "cpu", "memoryMiB"] as const).every((key) => a[key] === b[key]);
}
