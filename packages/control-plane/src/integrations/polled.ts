import { CallError, type Runner, type RunnerKind } from "@tartfleet/shared";
import { tookJob } from "../domain/demand.ts";
import { goodOf, toldByCount, type Counted } from "../domain/queue-count.ts";
import type { Vm } from "../domain/vm.ts";
import type { Integration, IntegrationParts } from "../engine/integration.ts";
import type { CiLog } from "./log.ts";
import { measureQueues } from "./queue-metrics.ts";
import { startPlanner } from "./planner.ts";
import { startQueuePoll, type Source } from "./queue-poll.ts";
import type { VmDefinition } from "./vm-definition.ts";

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
  const metrics = measureQueues(registry, kind);
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

  const polls = sources.flatMap((source) => {
    const poll = startQueuePoll(source, { title, clock, log, onCounted, onTried: metrics.polled });
    return source.definitions.map(({ name }) => [name, poll] as const);
  });
  const pollOf = new Map(polls);
  const counted = (name: string) => pollOf.get(name)?.counted(name);

  const planner = startPlanner(
    {
      kind,
      definitions,
      demand(vms) {
        const told = new Map(
          definitions.flatMap(({ name }) => {
            const count = counted(name);
            const own = vms.filter(({ spec }) => spec.runnerFrom === name);
            return count ? [...toldByCount(own, count, (id) => taken.get(id)?.at)] : [];
          }),
        );
        return {
          waiting: (name) => counted(name)?.waiting,
          taken: takenSince,
          told: ({ id }) => told.get(id),
        };
      },
      isReachable: (name) => pollOf.get(name)?.isHeard(name) ?? false,
      onAsked: metrics.asked,
    },
    { ...parts, log },
  );

  /** Those of live VMs the planner sees itself. */
  function takenSince(name: string): number {
    const at = counted(name)?.at ?? Number.POSITIVE_INFINITY;
    return [...taken.values()].filter((each) => each.isEnded && each.definition === name && each.at > at)
      .length;
  }

  function onCounted(): void {
    for (const { name } of definitions) {
      const count = counted(name);
      if (!count || count === before.get(name)) continue;
      metrics.counted(name, count);
      const good = goodOf(before.get(name), count, exits.get(name) ?? 0);
      if (good === "well") planner.doWell(name);
      else if (good === "vain") planner.inVain(name, "Runners exit, and as many jobs wait as before.");
      before.set(name, count);
      exits.delete(name);
    }
    for (const [vmId, { definition, at, isEnded }] of taken)
      if (isEnded && at <= (counted(definition)?.at ?? at)) taken.delete(vmId);
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
        const why = error instanceof Error ? error.message : String(error);
        throw new CallError("ci_unavailable", `${title} gave no runner for VM ${vm.id}: ${why}`);
      }
    },
    stop() {
      unsubscribe();
      planner.stop();
      for (const poll of new Set(pollOf.values())) poll.stop();
    },
  };
}
