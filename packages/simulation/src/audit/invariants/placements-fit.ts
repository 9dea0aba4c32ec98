import type { Invariant } from "../invariant.ts";
import { instanceOf, type AttemptRow, type View } from "../view.ts";

/**
 * Architecture §4.1, counting those nobody asked for: no attempt is placed where, as the control plane itself
 * has written down, slots and phantoms leave no room.
 */
export function placementsFit(): Invariant {
  let known: ReadonlySet<string> | undefined;
  let phantoms: ReadonlyMap<number, number> = new Map();
  const remember = ({ attempts, hosts }: View) => {
    known = new Set(attempts.map(keyOf));
    phantoms = new Map(hosts.map((host) => [host.id, host.phantoms]));
  };
  return {
    name: "placements-fit",
    check(view) {
      const [before, were] = [known, phantoms];
      remember(view);
      if (!before) return undefined;
      for (const attempt of view.attempts) {
        // What was taken over ran there already.
        if (attempt.instance !== null) continue;
        if (attempt.slot === null || attempt.goneAt !== null || before.has(keyOf(attempt))) continue;
        const host = view.hosts.find(({ id }) => id === attempt.hostId);
        const held = view.attempts.filter(
          ({ hostId, slot, goneAt }) => hostId === attempt.hostId && slot !== null && goneAt === null,
        );
        // In one group of steps a host may also have told of another phantom just after.
        const others = Math.min(were.get(attempt.hostId) ?? 0, host?.phantoms ?? 0);
        if (held.length + others > 2) {
          return `${instanceOf(attempt)} was placed on ${host?.name}, which has ${held.length} attempts and ${others} phantoms`;
        }
      }
      return undefined;
    },
    onRestored: remember,
  };
}

const keyOf = ({ vmId, attempt }: AttemptRow) => `${vmId} ${attempt}`;
