import type { CreateVmInput, VmSummary } from "@tartfleet/shared";
import { startFakeGitHub } from "@tartfleet/tart-sim";
import type { DemoJob } from "./jobs.ts";
import type { JobOutcome } from "./outcome.ts";

type Runner = NonNullable<CreateVmInput["runner"]>;

/** Where the demo's jobs come from, and where their results go. */
export interface CiSystem {
  /** For people: what it is and why. */
  description: string;
  /** Makes the job known; the answer is the runner for its VM. */
  runnerFor(job: DemoJob): Runner;
  outcomeOf(job: DemoJob, vm: VmSummary): JobOutcome;
  close(): Promise<void>;
}

/** What its runner still has to do when the job's hook has run: logs, outputs, the result (ci-runners §2.1). */
const FLUSH_SECONDS = 1.5;

/** A stand-in for GitHub, which notices when a runner is killed before its result has arrived. */
export async function startGitHub(): Promise<CiSystem> {
  const github = await startFakeGitHub();
  return {
    description: `a stand-in for GitHub, which has the jobs and waits for their results: ${github.url}`,
    runnerFor: ({ vmName, jobId, seconds, fails }) => ({
      kind: "github",
      jitConfig: github.createJitConfig({
        name: vmName,
        labels: ["self-hosted", "macOS"],
        job: { name: jobId, seconds, exitCode: fails ? 1 : 0, flushSeconds: FLUSH_SECONDS },
      }).encodedJitConfig,
    }),
    outcomeOf({ jobId }) {
      const job = github.jobs().find(({ name }) => name === jobId);
      return { result: job?.result ?? "pending", conclusion: job?.conclusion ?? null };
    },
    close: github.close,
  };
}

/** Plain scripts, for guests that cannot reach a GitHub on this machine; the result is the exit code that the control plane keeps. */
export function scriptsOnly(): CiSystem {
  return {
    description: "no CI system: each VM runs a script of its own, whose exit code is the result",
    runnerFor: ({ seconds, fails }) => ({
      kind: "script",
      script: `echo working\nsleep ${seconds}\nexit ${fails ? 1 : 0}\n`,
    }),
    outcomeOf(_job, { scriptResult, state }) {
      if (scriptResult === null)
        return { result: state === "ready" ? "running" : "pending", conclusion: null };
      return { result: "delivered", conclusion: scriptResult.exitCode === 0 ? "success" : "failure" };
    },
    close: async () => {},
  };
}
