import type { Board, BoardHost, BoardSlot, BoardSummary } from "@tartfleet/shared";
import { addSlots, boardSlots, forTeam, joinBoards, noSlots, type BoardOccupant } from "../domain/board.ts";
import { isKept } from "../domain/lifecycle/hold.ts";
import type { Occupant, StoredHost } from "../store/host-rows.ts";
import { makeAudience, type Audience } from "./audience.ts";
import type { LastHour } from "./last-hour.ts";
import { labelsOf } from "./fleet-view.ts";
import type { Parts } from "./parts.ts";
import { iso, isoOf } from "./records.ts";

type BoardParts = Pick<Parts, "store" | "changes" | "leases" | "fleet" | "history" | "clock" | "records"> & {
  lastHour: LastHour;
};

/** Who looks is told of changes no more often. */
const PAUSE_MS = 500;
/** Numbers that only time changes, like what happened in the last hour. */
const AGEING_MS = 60_000;

/** The board as those of a team see it, or those who see everything. */
interface View {
  audience: Audience<Board>;
  /** For who comes before the next change. */
  whole: Board | undefined;
}

/**
 * The fleet at a glance. While somebody looks, a host is read again when something happens on it, and all who look
 * share what was read; while nobody does, it costs nothing.
 */
export function makeBoard(parts: BoardParts) {
  const { store, changes, leases, fleet, history, clock, records, lastHour } = parts;
  const views = new Map<string | null, View>();
  const hosts = new Map<number, BoardHost>();
  const changed = new Set<number>();
  let sums = noSlots();
  let close = () => {};
  let cancel = () => {};
  let isDue = false;

  function show(host: StoredHost): BoardHost {
    const { facts } = host;
    const isConnected = leases.isConnected(host.id);
    const findings = facts?.findings ?? [];
    return {
      name: host.name,
      ...conditionOf(host, isConnected),
      labels: labelsOf(host),
      errors: findings.filter(({ state }) => state === "error").length,
      warnings: findings.filter(({ state }) => state === "warning").length,
      agentIsBehind: records.agentIsBehind(host),
      linuxVms: host.occupants.filter(({ slot }) => slot === null).length,
      slots: slotsOf(host, isConnected),
    };
  }

  function put(id: number, host: BoardHost | undefined): void {
    const before = hosts.get(id);
    if (before) addSlots(sums, before, -1);
    if (host) {
      hosts.set(id, host);
      addSlots(sums, host, 1);
    } else hosts.delete(id);
  }

  function summary(team: string | null): BoardSummary {
    const now = clock.now();
    let depth = 0;
    let oldest: number | null = null;
    for (const line of fleet.view.queue.lines()) {
      if (team !== null && line.team !== team) continue;
      depth += line.requests.length;
      const since = line.requests[0]?.since ?? now;
      oldest = Math.min(oldest ?? since, since);
    }
    const wait = (p: number) => history.quantile({ phase: "queued" }, p) ?? null;
    return {
      at: isoOf(now),
      slots: { ...sums },
      queue: { depth, oldestSince: iso(oldest) },
      wait: { p50Ms: wait(0.5), p95Ms: wait(0.95) },
      lastHour: lastHour.of(team),
      silentHosts: [...hosts.values()].filter(({ condition }) => condition === "unreachable").length,
    };
  }

  function wake(): void {
    isDue = false;
    const shown: BoardHost[] = [];
    const removed = new Set<string>();
    for (const id of changed) {
      const before = hosts.get(id);
      const stored = store.hostById(id);
      const host = stored && show(stored);
      put(id, host);
      if (host) shown.push(host);
      else if (before) removed.add(before.name);
    }
    // Enrolled anew under the name of one that was removed.
    for (const { name } of shown) removed.delete(name);
    changed.clear();
    for (const [team, view] of views) {
      view.whole = undefined;
      const ours = shown.map((host) => forTeam(host, team));
      view.audience.tell({ whole: false, summary: summary(team), hosts: ours, removed: [...removed] });
    }
    cancel = clock.after(AGEING_MS, wake);
  }

  function note(...ids: (number | null)[]): void {
    for (const id of ids) if (id !== null) changed.add(id);
    if (isDue) return;
    isDue = true;
    cancel();
    cancel = clock.after(PAUSE_MS, wake);
  }

  function open(): void {
    for (const host of store.hosts()) put(host.id, show(host));
    const unsubscribes = [
      changes.onApplied(({ vm, hosts: touched }) => note(vm.hostId, ...touched)),
      changes.onHostRoom((hostId) => note(hostId)),
    ];
    cancel = clock.after(AGEING_MS, wake);
    close = () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
      cancel();
      hosts.clear();
      changed.clear();
      sums = noSlots();
      isDue = false;
    };
  }

  function viewOf(team: string | null): View {
    if (views.size === 0) open();
    const view = views.get(team) ?? { audience: makeAudience(joinBoards), whole: undefined };
    views.set(team, view);
    return view;
  }

  function leave(team: string | null, { audience }: View): void {
    if (audience.isEmpty()) views.delete(team);
    if (views.size === 0) close();
  }

  function whole(team: string | null): Board {
    const all = [...hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      whole: true,
      summary: summary(team),
      hosts: all.map((host) => forTeam(host, team)),
      removed: [],
    };
  }

  return {
    /** As it stands now. @param team whose VMs are named; null: everybody's */
    fleetBoard(team: string | null): Board {
      if (views.size === 0) open();
      try {
        return whole(team);
      } finally {
        if (views.size === 0) close();
      }
    },

    /** As it stands, and then what changes, until the signal aborts; who reads slowly is told of the newest alone. */
    async *watchFleet(team: string | null, signal: AbortSignal): AsyncGenerator<Board, void> {
      const view = viewOf(team);
      const seat = view.audience.sit(signal);
      try {
        view.whole ??= Object.freeze(whole(team));
        yield view.whole;
        for (let news = await seat.next(); news; news = await seat.next()) yield news;
      } finally {
        seat.leave();
        leave(team, view);
      }
    },
  };
}

function conditionOf(
  { cordon, lastSeenAt }: StoredHost,
  isConnected: boolean,
): Pick<BoardHost, "condition" | "since" | "by" | "reason"> {
  const by: BoardHost["by"] = cordon && (cordon.breaker ? "breaker" : "person");
  const told = { by, reason: cordon?.reason ?? null };
  if (!isConnected) return { condition: "unreachable", since: iso(lastSeenAt), ...told };
  if (!cordon) return { condition: "open", since: null, ...told };
  return { condition: cordon.drain ? "draining" : "cordoned", since: isoOf(cordon.since), ...told };
}

/** A host's slots as they stand. */
export function slotsOf({ cordon, occupants, phantoms }: StoredHost, isConnected: boolean): BoardSlot[] {
  return boardSlots({
    isConnected,
    isCordoned: cordon !== null,
    occupants: occupants.flatMap((occupant) => occupantOf(occupant) ?? []),
    phantoms,
  });
}

function occupantOf(occupant: Occupant): BoardOccupant | undefined {
  const { slot, vmId, name, team, spec, state, want, endReason } = occupant;
  if (slot === null) return undefined;
  return {
    slot,
    vm: { id: vmId, name, team, image: spec.image, state },
    isWarm: spec.pool !== undefined,
    isHeld: isKept({ state, end: endReason === null ? null : { reason: endReason } }),
    isLeaving: want === "gone",
  };
}
