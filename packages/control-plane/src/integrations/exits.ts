import type { RunnerKind } from "@tartfleet/shared";
import type { Vm } from "../domain/vm.ts";
import type { IntegrationParts } from "../engine/integration.ts";
import type { Planner } from "./planner.ts";

/**
 * Runners that exit, of kinds that do not tell of their jobs: only the CI system's next answer says whether they had
 * one. Without one they did no good: their configuration is wrong, or their token.
 */
export function watchExits(
  kind: RunnerKind,
  { changes, planner }: Pick<IntegrationParts, "changes"> & { planner: Pick<Planner, "inVain" | "doWell"> },
) {
  const exited = new Map<string, { definition: string; at: number }>();
  const unsubscribe = changes.onApplied(({ vm: { id, spec, endedAt, end } }) => {
    const { runnerFrom, runnerKind } = spec;
    if (runnerFrom === undefined || runnerKind !== kind) return;
    if (endedAt !== null && end?.reason === "runner_exited")
      exited.set(id, { definition: runnerFrom, at: endedAt });
  });

  return {
    /** Those that are not judged yet may have taken one of the jobs that seem to wait. */
    taken: (definition: string) =>
      [...exited.values()].filter((exit) => exit.definition === definition).length,
    /**
     * @param live VMs that have not ended
     * @param askedAt what had no job by then had none
     */
    judge(live: readonly Vm[], hadJob: (vmId: string) => boolean, askedAt: number): void {
      for (const { id, spec } of live) if (hadJob(id)) planner.doWell(spec.runnerFrom ?? "");
      for (const [id, { definition, at }] of exited) {
        if (at >= askedAt) continue;
        exited.delete(id);
        if (hadJob(id)) planner.doWell(definition);
        else planner.inVain(definition, `The runner of VM ${id} exited without a job; see its output.`);
      }
    },
    stop: unsubscribe,
  };
}
