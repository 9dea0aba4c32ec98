import {
  BOARD_SLOT_STATES,
  BRING_UP_STATES,
  CallError,
  imageParts,
  isTerminal,
  type HistoryAnswer,
  type HistoryQuery,
} from "@tartfleet/shared";
import { addSlots, noSlots } from "../domain/board.ts";
import { linesOf } from "../domain/history/points.ts";
import { makeSpan, type Observed, type RolledUp } from "../domain/history/rollup.ts";
import { beginOf, SPANS, stepFor, STEPS } from "../domain/history/spans.ts";
import { ONCE, sampled, timed } from "../domain/history/tally.ts";
import { NO_TEAM } from "../domain/vm.ts";
import type { StoredHost } from "../store/host-rows.ts";
import type { KeptPhase } from "../store/phase-times.ts";
import { slotsOf } from "./board.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import { isoOf } from "./records.ts";
import type { UseCases } from "./use-cases.ts";

const MINUTE_MS = SPANS.minute.ms;
const BRING_UP: ReadonlySet<string> = new Set(["assigned", ...BRING_UP_STATES]);
const DAY_S = 86_400;
/** Of a line; more would be a query by a step that is too fine for its time. */
const MOST_POINTS = 3000;

/**
 * The fleet's past for charts. What is heard within a minute is held in memory and written down when the minute is
 * over, to its minute, hour and day at once: a crash or a stop loses that minute and nothing else, and nothing is
 * counted twice. While the store takes nothing it is tried again minute by minute, and what is heard meanwhile stays in one
 * open span, kept as the minute that it began as.
 */
export function startRollup(
  parts: Pick<Parts, "store" | "changes" | "leases" | "fleet" | "clock">,
  patience: Patience,
  /** Called once a minute with the hosts as they stand: reading them costs something. */
  onSample: (hosts: readonly StoredHost[]) => void,
): Pick<UseCases, "history"> & { stop(): void } {
  const { store, changes, leases, fleet, clock } = parts;
  let open = makeSpan();
  let openedAt = clock.now();
  /** A minute that is over and not written down yet. */
  let closed: { since: number; observed: Observed[] } | undefined;
  let isWriting = false;

  function sample(): void {
    const hosts = store.hosts();
    onSample(hosts);
    const sums = noSlots();
    for (const host of hosts) addSlots(sums, { slots: slotsOf(host, leases.isConnected(host.id)) }, 1);
    for (const key of BOARD_SLOT_STATES) open.add({ series: "slots", key, tally: sampled(sums[key]) });
    open.add({ series: "queue", key: "", tally: sampled(fleet.view.queue.size()) });
  }

  function close(): void {
    sample();
    if (!closed) {
      closed = { since: openedAt, observed: open.changed() };
      open = makeSpan();
      openedAt = clock.now();
    }
    if (isWriting) return;
    isWriting = true;
    const { since, observed } = closed;
    patience.tryOnce(async () => {
      try {
        await store.addHistory(since, observed, clock.now());
        closed = undefined;
        changes.topicChanged("history");
      } finally {
        isWriting = false;
      }
    });
  }

  const untilNextMinute = () => MINUTE_MS - (clock.now() % MINUTE_MS);
  let cancel = clock.after(untilNextMinute(), onMinute);
  function onMinute(): void {
    cancel = clock.after(untilNextMinute(), onMinute);
    close();
  }

  const unsubscribes = [
    changes.onPhase((phase) => {
      for (const observed of observedOf(phase)) open.add(observed);
    }),
    changes.onApplied(({ vm, phase }) => {
      const isEnd = phase !== null && isTerminal(vm.state) && vm.team !== NO_TEAM;
      if (isEnd) open.add({ series: "ends", key: vm.end?.reason ?? "unknown", tally: ONCE });
    }),
  ];

  return {
    history: (query) => answer(store, query, clock.now()),
    stop() {
      cancel();
      for (const unsubscribe of unsubscribes) unsubscribe();
    },
  };
}

/** What a finished phase adds to the history. */
function observedOf({ phase, team, image, durationMs, measured, outcome, verdict }: KeptPhase): Observed[] {
  const tally = timed(durationMs);
  if (phase === "queued")
    return outcome === "done"
      ? [
          { series: "wait", key: "", tally },
          { series: "team_wait", key: team, tally },
        ]
      : [];
  const observed: Observed[] = [];
  if (verdict !== null && verdict !== "ready")
    observed.push({ series: "failures", key: verdict, tally: ONCE });
  if (measured && BRING_UP.has(phase)) {
    const repository = imageParts(image)?.repository ?? image;
    observed.push({ series: "boot", key: phase, tally });
    observed.push({ series: "image_boot", key: `${phase} ${repository}`, tally });
  }
  return observed;
}

/** @throws CallError invalid_request */
function answer(store: Pick<Parts["store"], "historyOf">, query: HistoryQuery, now: number): HistoryAnswer {
  const to = query.to === undefined ? now : Date.parse(query.to);
  const from = query.from === undefined ? to - (query.lastSeconds ?? DAY_S) * 1000 : Date.parse(query.from);
  if (from >= to) throw wrong("from", "must be before `to`");
  const step = query.step ?? stepFor(from, to, now);
  const { ms, of: kind } = STEPS[step];
  if ((to - from) / ms > MOST_POINTS)
    throw wrong(
      "step",
      `gives more than ${MOST_POINTS} points for that time: ask for a longer step, or none`,
    );
  const which = { series: storedSeries(query), kind, key: query.team };
  const unit = query.series === "wait" || query.series === "boot" ? 1000 : 1;
  const lines = linesOf(store.historyOf(which, beginOf(from, ms), to), ms, unit);
  return {
    series: query.series,
    from: isoOf(from),
    to: isoOf(to),
    step,
    lines: lines.map(({ key, points }) => ({
      key,
      points: points.map(({ at, ...point }) => ({ at: isoOf(at), ...point })),
    })),
  };
}

function storedSeries({ series, by }: HistoryQuery): RolledUp {
  if (by === undefined) return series;
  return by === "team" ? "team_wait" : "image_boot";
}

function wrong(path: string, message: string): CallError {
  return new CallError("invalid_request", `${path} ${message}.`, [{ path, message }]);
}
