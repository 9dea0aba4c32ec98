import {
  CallError,
  canonicalImage,
  DEFAULT_PRIORITY,
  END_REASONS,
  isTerminal,
  type CapacityQuery,
  type CapacityRoom,
  type Explanation,
} from "@tartfleet/shared";
import { couldTake, fitsNow } from "../domain/explain/fits-now.ts";
import { forecast, leavingWithin, type Standing } from "../domain/explain/forecast.ts";
import { groupHosts, type AskedHost, type HostGroup } from "../domain/explain/host-groups.ts";
import { lengthsOf, type Lengths } from "../domain/explain/lengths.ts";
import { positionOf } from "../domain/explain/position.ts";
import { presentPhase } from "../domain/explain/present.ts";
import { explainWaiting } from "../domain/explain/waiting.ts";
import { agreed } from "../domain/explain/words.ts";
import { phaseOf } from "../domain/history/phase-time.ts";
import type { HostRoom } from "../domain/scheduling/host-room.ts";
import { needOf, type Need } from "../domain/scheduling/request.ts";
import { shareOf } from "../domain/scheduling/shares.ts";
import type { Vm } from "../domain/vm.ts";
import type { Holding } from "../store/standing.ts";
import { roomOf } from "./fleet-view.ts";
import type { Parts } from "./parts.ts";
import { isoOf } from "./records.ts";
import { vmNotFound } from "./vms.ts";

/** How far ahead capacity looks. */
const AHEAD_MS = 15 * 60_000;

/** What explaining and foretelling go by: the scheduler's own view, and the fleet's own past. */
export function makeExplain(
  parts: Pick<Parts, "store" | "fleet" | "leases" | "history" | "changes" | "clock" | "config">,
) {
  const { store, fleet, leases, history, changes, clock, config } = parts;
  const { view } = fleet;
  /** Hosts that take no VM now, as they were last known: reading them anew is dear. */
  const away = new Map<number, HostRoom | undefined>();
  changes.onHostRoom((hostId) => void away.delete(hostId));

  function awayRoom(hostId: number): HostRoom | undefined {
    if (away.has(hostId)) return away.get(hostId);
    const host = store.hostById(hostId);
    const room = host && roomOf(host);
    away.set(hostId, room);
    return room;
  }

  /** Every registered host, also those that take no VM now. */
  function* askedHosts(): Generator<AskedHost> {
    for (const { id, name, phantoms } of store.hostNames()) {
      const room = view.rooms.room(id);
      yield room
        ? { name, room, away: null, phantoms }
        : { name, room: awayRoom(id), away: { reason: "silent" }, phantoms };
    }
  }

  function groupsFor(
    need: Need,
    triedHosts: readonly number[] = [],
    holdings: readonly Holding[] = [],
  ): HostGroup[] {
    const imageGiB = view.rooms.imageGiB(need.image);
    return groupHosts(askedHosts(), need, {
      imageGiB,
      triedHosts,
      leftGiB(hostId) {
        const pull = holdings.find((held) => held.hostId === hostId && held.need.image === need.image);
        const percent = pull?.pullPercent ?? null;
        return percent === null || imageGiB === undefined ? undefined : (imageGiB * (100 - percent)) / 100;
      },
    });
  }

  function standing(holdings: readonly Holding[], now: number): Standing<Holding> {
    const known = new Map<string, Lengths>();
    const lengths = (team: string, image: string) => {
      const key = `${team} ${image}`;
      const found = known.get(key) ?? lengthsOf(history.durations, team, image);
      known.set(key, found);
      return found;
    };
    const occupants = holdings.filter(({ hostId }) => view.rooms.room(hostId) !== undefined);
    const lengthsOfHeld = new Map(occupants.map((held) => [held, lengths(held.team, held.need.image)]));
    return {
      rooms: [...view.rooms.all()],
      occupants,
      lines: [...view.queue.lines()],
      policy: view.policy,
      layout: config.layout,
      leaves: (held, u) => lengthsOfHeld.get(held)?.left(held, now, u),
      stays: ({ team, need }, hasImage, u) => lengths(team, need.image).whole(hasImage, u),
    };
  }

  function explainQueued(vm: Vm, now: number): Pick<Explanation, "summary" | "details" | "waiting"> {
    const request = store.request(vm.id);
    if (!request) throw vmNotFound(vm.id);
    const { need, team } = request;
    const holdings = store.holdings(now);
    const runs = history.count({ phase: "run" });
    const fleetNow = standing(holdings, now);
    // What was accepted just now may not be in the scheduler's view yet.
    const lines = view.queue.has(vm.id) ? fleetNow.lines : [...fleetNow.lines, { requests: [request] }];
    const hasImage = [...view.rooms.all()].some(({ images }) => images.has(need.image));
    const lengths = lengthsOf(history.durations, team, need.image);
    return explainWaiting({
      now,
      request,
      position: positionOf(lines, request, view.policy),
      groups: groupsFor(need, request.triedHosts, holdings),
      view,
      forecast: runs === 0 ? undefined : forecast({ ...fleetNow, lines }, vm.id),
      bringUp: { p50: lengths.bringUp(hasImage, 0.5), p90: lengths.bringUp(hasImage, 0.9) },
      runs,
    });
  }

  function explainPlaced(vm: Vm, phaseText: string): Pick<Explanation, "summary" | "details" | "waiting"> {
    if (vm.hostId === null) return { summary: phaseText, details: [], waiting: null };
    const name = store.hostName(vm.hostId);
    const silent = leases.isConnected(vm.hostId)
      ? []
      : [`Its host ${name} is silent: what it does now is not known until the host comes back.`];
    return {
      summary: phaseText,
      details: [...silent, `It is on ${name}, as attempt ${vm.attempt}.`],
      waiting: null,
    };
  }

  return {
    /** @throws CallError vm_not_found */
    explain(id: string): Explanation {
      const vm = store.vm(id);
      if (!vm) throw vmNotFound(id);
      const now = clock.now();
      const head = { vmId: id, state: vm.state, at: isoOf(now) };
      if (isTerminal(vm.state)) {
        const why = vm.end?.message ?? END_REASONS.instance_lost.text;
        const summary = `It ${vm.state === "failed" ? "has failed" : "has ended"}: ${why}`;
        return { ...head, summary, details: [], waiting: null, phase: null };
      }
      const durations = history.durations({ phase: phaseOf(vm.state), image: vm.spec.image });
      const present = presentPhase(vm, now, durations);
      const text =
        vm.state === "queued" ? explainQueued(vm, now) : explainPlaced(vm, present?.text ?? "It is there.");
      return { ...head, ...text, phase: present?.phase ?? null };
    },

    /**
     * Refuses what no host that is registered could ever take. One that is silent, cordoned or not connected yet
     * could; and while none is registered at all, the hosts are only not there yet.
     *
     * @throws CallError unschedulable
     */
    requireSchedulable(vm: Pick<Vm, "spec" | "team">): void {
      const need = needOf(vm.spec);
      if (need.os === "macos" && shareOf(view.policy, vm.team).cap === 0) {
        throw new CallError(
          "unschedulable",
          `Team ${vm.team} may hold no slot: its cap is 0. Have an admin raise it, or send allowPending: true to wait.`,
        );
      }
      for (const room of view.rooms.all()) if (couldTake(room, need)) return;
      const groups = groupsFor(need);
      const never = groups.filter(({ reason }) => reason === "labels" || reason === "too_small");
      if (never.length < groups.length || groups.length === 0) return;
      const total = groups.reduce((sum, { names }) => sum + names.length, 0);
      const says = groups.map(({ names, text }) => `${names.length} ${text}`).join("; ");
      throw new CallError(
        "unschedulable",
        `No host of this fleet can ever take this VM (${agreed(total, "host")}: ${says}). Ask for less, add such a host, or send allowPending: true to wait for one.`,
        fieldsOf(groups, need),
      );
    },

    /** How many VMs of a kind could start now for a team, and what becomes free soon. */
    room(query: CapacityQuery, team: string): CapacityRoom {
      const now = clock.now();
      const { image, os, cpu, memoryMiB, hostLabels } = query;
      const need: Need = {
        os: os ?? "macos",
        image: image === undefined ? "" : (canonicalImage(image) ?? image),
        cpu: cpu ?? null,
        memoryMiB: memoryMiB ?? null,
        hostLabels: hostLabels ?? {},
        preferredHostLabels: {},
      };
      const priority = query.priority ?? DEFAULT_PRIORITY;
      const fits = fitsNow(view, need, team, priority);
      const fleetNow = standing(store.holdings(now), now);
      const leaving = fleetNow.occupants.filter(({ hostId, slot }) => {
        const room = view.rooms.room(hostId);
        return room !== undefined && couldTake(room, need) && (need.os === "linux" || slot !== null);
      });
      const frees =
        history.count({ phase: "run" }) === 0
          ? null
          : {
              withinSeconds: AHEAD_MS / 1000,
              ...leavingWithin({ ...fleetNow, occupants: leaving }, AHEAD_MS),
            };
      return {
        team,
        image: image ?? null,
        startNow: fits.count,
        withImage: image === undefined ? null : fits.withImage,
        limitedBy: fits.limitedBy,
        teamHolds: view.held.ofTeam(team),
        teamCap: shareOf(view.policy, team).cap,
        waiting: view.queue.size(),
        frees,
      };
    },
  };
}

export type Explain = ReturnType<typeof makeExplain>;

/** Which fields of the request are asked too much of. */
function fieldsOf(
  groups: readonly HostGroup[],
  { cpu, memoryMiB }: Need,
): { path: string; message: string }[] {
  const labels = groups.some(({ reason }) => reason === "labels")
    ? [{ path: "hostLabels", message: "no host that is large enough carries all of these" }]
    : [];
  const isTooLarge = groups.some(({ reason }) => reason === "too_small");
  const size = [
    ...(cpu !== null && isTooLarge
      ? [{ path: "cpu", message: "no host with these labels is so large" }]
      : []),
    ...(memoryMiB !== null && isTooLarge
      ? [{ path: "memoryMiB", message: "no host with these labels is so large" }]
      : []),
  ];
  return [...labels, ...size];
}
