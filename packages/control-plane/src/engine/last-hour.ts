import { isTerminal, type BoardSummary } from "@tartfleet/shared";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import { isoOf } from "./records.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What ended within one minute, by team. */
type Minute = Map<string, { ended: number; failures: Map<string, number> }>;

/** How VMs ended in the last hour, counted by the minute; what was before the start is not known. */
export function startLastHour(changes: Pick<Changes, "onApplied">, clock: Pick<Clock, "now">) {
  const startedAt = clock.now();
  const minutes = new Map<number, Minute>();

  function forget(now: number): void {
    for (const minute of minutes.keys()) {
      if ((minute + 1) * MINUTE_MS > now - HOUR_MS) break;
      minutes.delete(minute);
    }
  }

  const stop = changes.onApplied(({ vm, phase }) => {
    if (phase === null || !isTerminal(vm.state) || vm.spec.pool !== undefined) return;
    const now = clock.now();
    forget(now);
    const key = Math.floor(now / MINUTE_MS);
    const minute: Minute = minutes.get(key) ?? new Map();
    minutes.set(key, minute);
    const team = minute.get(vm.team) ?? { ended: 0, failures: new Map() };
    minute.set(vm.team, team);
    if (vm.state !== "failed") team.ended += 1;
    else {
      const reason = vm.end?.error?.code ?? vm.end?.reason ?? "unknown";
      team.failures.set(reason, (team.failures.get(reason) ?? 0) + 1);
    }
  });

  return {
    /** @param team null: of every team */
    of(team: string | null): BoardSummary["lastHour"] {
      const now = clock.now();
      forget(now);
      let ended = 0;
      const failures = new Map<string, number>();
      for (const minute of minutes.values()) {
        for (const [name, counts] of minute) {
          if (team !== null && name !== team) continue;
          ended += counts.ended;
          for (const [reason, count] of counts.failures)
            failures.set(reason, (failures.get(reason) ?? 0) + count);
        }
      }
      return {
        since: isoOf(Math.max(startedAt, now - HOUR_MS)),
        ended,
        failed: [...failures.values()].reduce((sum, count) => sum + count, 0),
        failures: [...failures]
          .map(([reason, count]) => ({ reason, count }))
          .sort((a, b) => b.count - a.count),
      };
    },
    stop,
  };
}

export type LastHour = ReturnType<typeof startLastHour>;
