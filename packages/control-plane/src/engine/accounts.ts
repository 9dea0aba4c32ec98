import { CallError, labelOfBy, type SlotReportQuery } from "@tartfleet/shared";
import { byDay, type Spent } from "../domain/accounts/ledger.ts";
import { dayText, reportOf, type Entry } from "../domain/accounts/report.ts";
import { beginOf, DAY_MS, SPANS } from "../domain/history/spans.ts";
import { NO_TEAM } from "../domain/vm.ts";
import type { OpenSlot } from "../store/accounts.ts";
import type { StoredHost } from "../store/host-rows.ts";
import { slotsOf } from "./board.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { UseCases } from "./use-cases.ts";

/** A phantom is seen once a minute; what was not looked at for longer (a stop, a stall) is nobody's guess. */
const LONGEST_UNSEEN_MS = 2 * SPANS.minute.ms;
const DEFAULT_DAYS = 30;

/** Who has used slots for what, and for how long. VMs' times are written down with their steps (`store/ledger.ts`). */
export function makeAccounts(
  { store, changes, leases, clock, config }: Pick<Parts, "store" | "changes" | "leases" | "clock" | "config">,
  patience: Patience,
): Pick<UseCases, "slotReport"> & { sample(hosts: readonly StoredHost[]): void } {
  const { accountLabel: labels } = config;
  let seenAt = clock.now();

  function phantoms(hosts: readonly StoredHost[], now: number): Spent[] {
    const from = Math.max(seenAt, now - LONGEST_UNSEEN_MS);
    return hosts.flatMap((host) =>
      slotsOf(host, leases.isConnected(host.id))
        .filter(({ state }) => state === "phantom")
        .map(() => ({
          kind: "phantom" as const,
          team: NO_TEAM,
          image: "",
          labels: {},
          hostId: host.id,
          from,
          until: now,
        })),
    );
  }

  return {
    /** Once a minute: the slots that no VM has. */
    sample(hosts) {
      const now = clock.now();
      const spent = phantoms(hosts, now);
      seenAt = now;
      patience.tryOnce(async () => {
        await store.postTimes(spent, now);
        for (const each of spent) changes.spent(each);
      });
    },

    slotReport(query) {
      requireKept(query, labels);
      const now = clock.now();
      const last = query.to === undefined ? beginOf(now, DAY_MS) : Date.parse(query.to);
      const from = query.from === undefined ? last - (DEFAULT_DAYS - 1) * DAY_MS : Date.parse(query.from);
      if (from > last) throw wrong("from", "must not be after the last day");
      const to = last + DAY_MS;
      const { by, team } = query;
      const open = store
        .openSlots(labels)
        .filter((slot) => team === undefined || slot.team === team)
        .flatMap((slot) => entriesOf(slot, Math.min(now, to), from));
      const booked = store.slotTimes(by, { from, to, team });
      return {
        from: dayText(from),
        to: dayText(last),
        by,
        labels: [...labels],
        ...reportOf([...booked, ...open], by),
      };
    },
  };
}

/** What goes on in a slot, as far as it is within a report's time. */
function entriesOf(
  { from, kind, team, image, labels, host }: OpenSlot,
  until: number,
  since: number,
): Entry[] {
  const own = Object.entries(labels).map(([key, value]) => [`label:${key}`, value]);
  const key = { team: team || null, image, host, ...Object.fromEntries(own) };
  return byDay(Math.max(from, since), until).map(({ day, ms }) => ({
    key: { ...key, day: dayText(day) },
    kind,
    ms,
  }));
}

/** @throws CallError invalid_request for a label that is not kept */
function requireKept({ by }: SlotReportQuery, kept: readonly string[]): void {
  for (const each of by) {
    const label = labelOfBy(each);
    if (label === undefined || kept.includes(label)) continue;
    const known = kept.length === 0 ? "none is kept" : `kept are ${kept.join(", ")}`;
    throw wrong(
      "by",
      `names the label ${label}, by which no accounts are kept (${known}; --account-label KEY)`,
    );
  }
}

function wrong(path: string, message: string): CallError {
  return new CallError("invalid_request", `${path} ${message}.`, [{ path, message }]);
}
