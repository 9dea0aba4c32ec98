import { END_REASONS, isTerminal, type Explanation } from "@tartfleet/shared";
import { forecast } from "../domain/explain/forecast.ts";
import { positionOf } from "../domain/explain/position.ts";
import { presentPhase } from "../domain/explain/present.ts";
import { explainWaiting } from "../domain/explain/waiting.ts";
import { nameOfImage, resting } from "../domain/scheduling/request.ts";
import { phaseOf } from "../domain/history/phase-time.ts";
import { isKept } from "../domain/lifecycle/hold.ts";
import { span } from "../domain/explain/words.ts";
import type { Hold, Vm } from "../domain/vm.ts";
import type { Parts } from "./parts.ts";
import { isoOf } from "./records.ts";
import type { Tags } from "./tags.ts";
import { vmNotFound } from "./vms.ts";

/** A VM's history is looked through for attempts that failed so far. */
const EVENTS_LOOKED_AT = 200;

type Told = Pick<Explanation, "summary" | "details" | "waiting">;

/** Why VMs wait and until when, or what they are doing. */
export function makeExplain(
  {
    store,
    standing,
    leases,
    history,
    clock,
  }: Pick<Parts, "store" | "standing" | "leases" | "history" | "clock">,
  tags: Pick<Tags, "progress">,
) {
  const { view } = standing;

  function explainQueued(vm: Vm, now: number): Told {
    const request = store.request(vm.id);
    if (!request) throw vmNotFound(vm.id);
    const rests = standing.restsUntil(vm.id);
    const { need, team } = rests === undefined ? request : resting(request);
    const holdings = store.holdings(now);
    const runs = standing.runs();
    const fleetNow = standing.now(holdings);
    // What was accepted just now may not be in the scheduler's view yet.
    const lines = view.queue.has(vm.id) ? fleetNow.lines : [...fleetNow.lines, { requests: [request] }];
    const hasImage = fleetNow.rooms.some(({ images }) => images.has(need.image));
    const lengths = standing.lengths(team, nameOfImage(need));
    return explainWaiting({
      now,
      request,
      position: positionOf(lines, request, view.policy),
      groups: standing.groups(need, request.triedHosts, holdings),
      view,
      forecast: forecast({ ...fleetNow, lines }, vm.id),
      bringUp: { p50: lengths.bringUp(hasImage, 0.5), p90: lengths.bringUp(hasImage, 0.9) },
      runs,
      resolving: request.awaitsDigest ? tags.progress(vm.spec.image) : null,
      restsUntil: rests ?? null,
      givenUpAt: vm.budgetEndsAt,
    });
  }

  function explainPlaced(vm: Vm, summary: string): Told {
    if (vm.hostId === null) return { summary, details: [], waiting: null };
    const name = store.hostName(vm.hostId);
    const silent = leases.isConnected(vm.hostId)
      ? []
      : [`Its host ${name} is silent: what it does now is not known until the host comes back.`];
    const details = [...silent, `It is on ${name}, as attempt ${vm.attempt}.`];
    return { summary, details, waiting: null };
  }

  /** Why it is not further, where attempts have failed. */
  function failedAttempts(vm: Vm): string[] {
    const isFirst = vm.attempt === 0 || (vm.attempt === 1 && vm.state !== "queued");
    if (isFirst) return [];
    const events = store.events(vm.id, 0, EVENTS_LOOKED_AT);
    return events.filter(({ type }) => type === "attempt_failed").map(({ message }) => message);
  }

  /** @throws CallError vm_not_found */
  return (id: string): Explanation => {
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
    if (vm.spec.pool !== undefined && vm.state === "provisioning") {
      const summary = `It stands by: pool ${vm.spec.pool} keeps it warm for a VM that asks for the same.`;
      return { ...head, ...explainPlaced(vm, summary), phase: null };
    }
    if (isKept(vm) && vm.hold && vm.end)
      return { ...head, ...explainPlaced(vm, keptText(vm.end, vm.hold, now)), phase: null };
    const told = vm.state === "queued" ? explainQueued(vm, now) : explainPlaced(vm, present?.text ?? "");
    const details = [...told.details, ...failedAttempts(vm)];
    return { ...head, ...told, details, phase: present?.phase ?? null };
  };
}

function keptText({ message }: NonNullable<Vm["end"]>, { until, by, reason }: Hold, now: number): string {
  const why = reason === null ? "" : `: ${reason}`;
  return `It has ended: ${message} It is kept for ${span(Math.max(0, until - now))} by ${by}${why}.`;
}
