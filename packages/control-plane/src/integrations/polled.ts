import { CallError, type Runner, type RunnerKind } from "@tartfleet/shared";
import { tookJob } from "../domain/demand.ts";
import { goodOf, toldByCount, type Counted, type QueueCount } from "../domain/queue-count.ts";
import type { Vm } from "../domain/vm.ts";
import type { Integration, IntegrationParts } from "../engine/integration.ts";
import type { CiLog } from "./log.ts";
import { measureCi } from "./metrics.ts";
import { startPlanner } from "./planner.ts";
import { startPoll, type Answer, type Heard } from "./poll.ts";
import type { VmDefinition } from "./vm-definition.ts";
import { messageOf } from "./message-of.ts";

/** An answer may be as old when it comes. */
const STALE_MS = 10_000;

/** Counts by the definition's name; of one that is missing nothing is known. */
export type Counts = ReadonlyMap<string, QueueCount>;

/** What is asked in one go, with one credential. What fails of one leaves the others alone. */
interface Source<D extends VmDefinition> {
  definitions: readonly D[];
  /** @throws CiError, or whatever fetch throws */
  count(signal: AbortSignal): Promise<Answer<Counts>>;
}

/** A CI system whose queues are asked how many jobs wait. */
export interface PolledSystem<D extends VmDefinition> {
  kind: RunnerKind;
  /** Its name, for people. */
  title: string;
  sources: readonly Source<D>[];
  /** The runner of a VM whose guest is ready for it. What it throws the agent is told, and asks again. */
  runnerOf(vm: Vm, definition: D): Runner | Promise<Runner>;
}

/** Serves a CI system by the counts of its queues: as many VMs come as jobs wait there. */
export function startPolled<D extends VmDefinition>(
  { kind, title, sources, runnerOf }: PolledSystem<D>,
  { log }: { log: CiLog },
  parts: IntegrationParts,
): Integration {
  const { changes, clock, registry } = parts;
  const metrics = measureCi(registry, kind);
  const definitions = sources.flatMap((source) => source.definitions);
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  /** When VMs' runners took their jobs, for as long as a count may not know of it. */
  const taken = new Map<string, { definition: string; at: number; isEnded: boolean }>();

  const before = new Map<string, Counted>();
  /** How many runners of a definition have exited without a word of a job since the last count. */
  const exits = new Map<string, number>();

  const unsubscribe = changes.onApplied(({ vm }) => {
    const { runnerFrom, runnerKind } = vm.spec;
    if (runnerFrom === undefined || runnerKind !== kind || !tookJob(vm)) return;
    const at = taken.get(vm.id)?.at ?? vm.job.startedAt ?? clock.now();
    if (!taken.has(vm.id) && vm.job.state === "none") exits.set(runnerFrom, (exits.get(runnerFrom) ?? 0) + 1);
    taken.set(vm.id, { definition: runnerFrom, at, isEnded: vm.endedAt !== null });
  });

  /** The newest of each definition, also while none comes any more. */
  const counts = new Map<string, Counted>();
  const polls = sources.map((source) => {
    const runners = source.definitions.map(({ name }) => name);
    const poll = startPoll(source.count, {
      title,
      runners,
      clock,
      log,
      onTried(ok) {
        for (const name of runners) metrics.polled(name, ok);
        const heard = poll.heard();
        if (heard) take(runners, heard);
      },
    });
    return { runners, poll };
  });
  const pollOf = new Map(polls.flatMap(({ runners, poll }) => runners.map((name) => [name, poll] as const)));

  const planner = startPlanner(
    {
      kind,
      definitions,
      demand(vms) {
        const told = new Map(
          definitions.flatMap(({ name }) => {
            const count = counts.get(name);
            const own = vms.filter(({ spec }) => spec.runnerFrom === name);
            return count ? [...toldByCount(own, count, (id) => taken.get(id)?.at)] : [];
          }),
        );
        return {
          waiting: (name) => counts.get(name)?.waiting,
          taken: takenSince,
          told: ({ id }) => told.get(id),
        };
      },
      isReachable: (name) => counts.has(name) && pollOf.get(name)?.heard() !== undefined,
      onAsked: metrics.asked,
    },
    { ...parts, log },
  );

  function take(runners: readonly string[], { said, askedAt }: Heard<Counts>): void {
    for (const name of runners) {
      const count = said.get(name);
      if (count) counts.set(name, { ...count, at: askedAt - STALE_MS });
      else counts.delete(name);
    }
    onCounted();
  }

  /** Those of live VMs the planner sees itself. */
  function takenSince(name: string): number {
    const at = counts.get(name)?.at ?? Number.POSITIVE_INFINITY;
    return [...taken.values()].filter((each) => each.isEnded && each.definition === name && each.at > at)
      .length;
  }

  function onCounted(): void {
    for (const { name } of definitions) {
      const count = counts.get(name);
      if (!count || count === before.get(name)) continue;
      metrics.counted(name, count);
      const good = goodOf(before.get(name), count, exits.get(name) ?? 0);
      if (good === "well") planner.doWell(name);
      else if (good === "vain") planner.inVain(name, "Runners exit, and as many jobs wait as before.");
      before.set(name, count);
      exits.delete(name);
    }
    for (const [vmId, { definition, at, isEnded }] of taken)
      if (isEnded && at <= (counts.get(definition)?.at ?? at)) taken.delete(vmId);
    planner.wake();
  }

  return {
    async runnerOf(vm) {
      const definition = byName.get(vm.spec.runnerFrom ?? "");
      if (!definition) throw new Error(`VM ${vm.id} is of no definition of ${title}'s`);
      try {
        const runner = await runnerOf(vm, definition);
        metrics.made(definition.name, true);
        return runner;
      } catch (error) {
        metrics.made(definition.name, false);
        const why = messageOf(error);
        throw new CallError("ci_unavailable", `${title} gave no runner for VM ${vm.id}: ${why}`);
      }
    },
    stop() {
      unsubscribe();
      planner.stop();
      for (const { poll } of polls) poll.stop();
    },
  };
}
