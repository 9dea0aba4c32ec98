import { Counter, type Registry } from "prom-client";
import type { LedgerKind } from "../../domain/accounts/ledger.ts";
import type { Parts } from "../parts.ts";

/**
 * Counts what slots' time was spent on since the start: what has come to its end as it is told of, what goes on when
 * it is asked for.
 */
export function countSlotTime(
  registry: Registry,
  { store, changes, clock }: Pick<Parts, "store" | "changes" | "clock">,
  teamLabel: (team: string) => string,
): { refresh(): void; stop(): void } {
  const startedAt = clock.now();
  const ended = new Map<string, { team: string; kind: LedgerKind; seconds: number }>();
  const seconds = new Counter({
    name: "tartfleet_slot_seconds_total",
    help: "How long macOS slots were taken, by whose VMs (empty: nobody's) and for what",
    labelNames: ["team", "kind"],
    registers: [registry],
  });
  const since = (from: number, until: number) => Math.max(0, until - Math.max(from, startedAt)) / 1000;

  const stop = changes.onSpent(({ team: whose, kind, hostId, from, until }) => {
    if (hostId === null) return;
    const team = teamLabel(whose);
    const key = JSON.stringify([team, kind]);
    const sum = ended.get(key) ?? { team, kind, seconds: 0 };
    ended.set(key, sum);
    sum.seconds += since(from, until);
  });

  return {
    refresh() {
      seconds.reset();
      const now = clock.now();
      for (const { team, kind, seconds: sum } of ended.values()) seconds.inc({ team, kind }, sum);
      for (const { team, kind, from } of store.openSlots([])) {
        seconds.inc({ team: teamLabel(team), kind }, since(from, now));
      }
    },
    stop,
  };
}
