import { DEFAULT_TEAM } from "@tartfleet/shared";
import { jobsWelcome } from "../../domain/github/capacity.ts";
import { ownVm } from "../../domain/demand.ts";
import type { SetStatistics } from "../../domain/github/waiting.ts";
import type { IntegrationParts } from "../../engine/integration.ts";
import type { RunnerDefinition } from "./config.ts";

/** What all definitions have is read once for all that ask within so long. */
const FRESH_MS = 1000;

/** How many jobs GitHub may give the scale set of a definition at once, as of now. */
export function makeRoom(
  { store, clock, startNow }: Pick<IntegrationParts, "store" | "clock" | "startNow">,
  statisticsOf: (definition: string) => SetStatistics | undefined,
) {
  let seen = { at: Number.NEGATIVE_INFINITY, own: read() };

  function read() {
    const vms = store.askedVms("github");
    const told = store.githubJobsOf(vms.map(({ id }) => id));
    const own = vms.map((vm) => ({
      definition: vm.spec.runnerFrom,
      stage: ownVm(vm, told.get(vm.id)?.state).stage,
      isQueued: vm.state === "queued",
    }));
    return Map.groupBy(own, ({ definition }) => definition);
  }

  return (definition: RunnerDefinition): number => {
    const { name, team = DEFAULT_TEAM, image, os, cpu, memoryMiB, hostLabels, priority, max } = definition;
    if (clock.now() - seen.at > FRESH_MS) seen = { at: clock.now(), own: read() };
    return jobsWelcome({
      max,
      jobs: statisticsOf(name)?.totalAssignedJobs ?? 0,
      vms: seen.own.get(name) ?? [],
      startNow: startNow({ image, os, cpu, memoryMiB, hostLabels, priority }, team),
    });
  };
}
