import { failureReport, resolvedReport, type ReportKind } from "../../domain/github/report.ts";
import type { Vm } from "../../domain/vm.ts";
import type { IntegrationParts } from "../../engine/integration.ts";
import { every } from "../../engine/stalls.ts";
import type { GithubReport, WaitingRun } from "../../store/github-reports.ts";
import type { CiLog } from "../log.ts";
import { IN_VAIN } from "../planner.ts";
import { statusOf, type GithubApi } from "./api.ts";
import type { RunnerDefinition } from "./config.ts";
import { messageOf } from "../message-of.ts";

const LOOK_MS = 60_000;
/** GitHub wants those who write to go slowly; the rest is for the next look. */
const MOST_AT_ONCE = 10;
/** With less than that of the hour's requests left runners come first. */
const SPARE = 0.2;
/** After a refusal only a person can help. */
const LEFT_ALONE_MS = 3_600_000;
const KEEP_MS = 35 * 86_400_000;
const REAL_RUN = /^[1-9]\d*$/;

const NEEDS: Record<ReportKind, string> = {
  status: "Commit statuses: read and write",
  check: "Checks: read and write",
};

/**
 * Says at the commits of waiting jobs why their VMs failed, where a definition wants it: once for each run, and once
 * more when none of its jobs waits any more.
 */
export function startReporter(
  definitions: readonly RunnerDefinition[],
  {
    store,
    changes,
    clock,
    publicUrl,
    api,
    log,
    onReported,
  }: Pick<IntegrationParts, "store" | "changes" | "clock" | "publicUrl"> & {
    api: Pick<GithubApi, "left" | "headOf" | "report">;
    log: CiLog;
    onReported(definition: string, ok: boolean): void;
  },
): { stop(): void } {
  const kinds = new Map(definitions.flatMap(({ name, report }) => (report ? [[name, report] as const] : [])));
  if (kinds.size === 0) return { stop() {} };
  /** The newest failure of each definition that is to be told of. */
  const failed = new Map<string, Vm>();
  const refusedUntil = new Map<string, number>();
  let isReporting = false;
  let isStopped = false;
  let isFailing = false;

  function hear(vm: Vm): void {
    const { spec, job, endedAt, end } = vm;
    const { runnerFrom } = spec;
    if (runnerFrom === undefined || !kinds.has(runnerFrom)) return;
    if (endedAt === null || job.state !== "none" || !end || !IN_VAIN.has(end.reason)) return;
    failed.set(runnerFrom, vm);
    tick();
  }

  function tick(): void {
    if (isReporting || isStopped || api.left() < SPARE) return;
    isReporting = true;
    reportAll()
      .then(() => {
        isFailing = false;
      })
      .catch((error: unknown) => {
        if (isStopped || isFailing) return;
        isFailing = true;
        log.warn({ why: messageOf(error) }, "GitHub is not told why VMs failed; it is tried again");
      })
      .finally(() => {
        isReporting = false;
      });
  }

  async function reportAll(): Promise<void> {
    for (const [name, vm] of failed) {
      if ((refusedUntil.get(name) ?? 0) > clock.now()) continue;
      const runs = store.unreportedRuns(name, MOST_AT_ONCE);
      for (const run of runs) if (!(await tellOf(run, vm))) break;
      if (runs.length < MOST_AT_ONCE && failed.get(name) === vm) failed.delete(name);
    }
    for (const report of store.outdatedReports(MOST_AT_ONCE)) await takeBack(report);
    await store.forgetReports(clock.now() - KEEP_MS);
  }

  /** @returns false when GitHub takes none of the definition's now */
  async function tellOf(run: WaitingRun, vm: Vm): Promise<boolean> {
    const report = failureReport(run.definition, vm, publicUrl);
    const kind = kinds.get(run.definition) ?? "status";
    let sha: string | null = null;
    if (REAL_RUN.test(run.runId)) {
      const isTaken = await asked(run.definition, kind, async () => {
        sha = (await api.headOf(run)) ?? null;
        if (sha !== null) await api.report(kind, run.repository, sha, report);
      });
      if (!isTaken) return false;
    }
    await store.keepReport({ ...run, sha }, clock.now());
    return true;
  }

  async function takeBack({ definition, repository, runId, sha }: GithubReport): Promise<void> {
    const kind = kinds.get(definition);
    if (kind && sha !== null && (refusedUntil.get(definition) ?? 0) <= clock.now()) {
      const isTaken = await asked(definition, kind, () =>
        api.report(kind, repository, sha, resolvedReport(definition)),
      );
      if (!isTaken) return;
    }
    await store.clearReport({ definition, repository, runId }, clock.now());
  }

  /** @returns false when it was refused, for want of a permission most likely */
  async function asked(definition: string, kind: ReportKind, ask: () => Promise<void>): Promise<boolean> {
    try {
      await ask();
      onReported(definition, true);
      return true;
    } catch (error) {
      onReported(definition, false);
      const status = statusOf(error);
      // Of a commit that is not there nothing can be said.
      if (status === 422) return true;
      if (status !== 403 && status !== 404) throw error;
      refusedUntil.set(definition, clock.now() + LEFT_ALONE_MS);
      const why = `${messageOf(error)}. The App or token needs the repository permission "${NEEDS[kind]}".`;
      log.warn({ runner: definition, code: "report_refused", why }, "GitHub does not take reports");
      return false;
    }
  }

  const unsubscribe = changes.onApplied(({ vm }) => hear(vm));
  const looking = every(clock, LOOK_MS, tick);
  return {
    stop() {
      isStopped = true;
      unsubscribe();
      looking.stop();
    },
  };
}
