import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Conclusion, JobMessage, RunnerEvent } from "../../github/protocol.ts";
import { killOrphans } from "./orphans.ts";
import { runScript, type ScriptResult } from "./run-script.ts";

export interface JobSurroundings {
  runnerDir: string;
  runnerName: string;
  report: (event: RunnerEvent) => Promise<void>;
}

/**
 * One job, in GitHub's order (ci-runners §2.1): started hook, steps, completed hook, orphans killed,
 * a while to flush. The result is not sent here: whoever kills the guest before has lost the job.
 */
export async function runJob(
  job: JobMessage,
  { runnerDir, runnerName, report }: JobSurroundings,
): Promise<Conclusion> {
  const trackingId = `github_${randomUUID()}`;
  const place = { cwd: workspaceOf(runnerDir), env: environmentOf(job, trackingId, runnerDir, runnerName) };
  const hook = async (which: "started" | "completed"): Promise<boolean> => {
    const file = process.env[`ACTIONS_RUNNER_HOOK_JOB_${which.toUpperCase()}`];
    if (file === undefined || file === "") return true;
    const reason = whyNotAHook(file);
    const result: ScriptResult =
      reason === undefined ? await runScript(file, place) : { exitCode: 1, output: `${reason}\n` };
    await report({ kind: "hook", hook: which, ...result });
    return result.exitCode === 0;
  };

  let succeeded = false;
  if (job.setUpSucceeds) {
    succeeded = await hook("started");
    if (succeeded) succeeded = await runSteps(job, place, runnerDir, report);
    // The condition of the completed hook is always(); its failure fails the job.
    succeeded = (await hook("completed")) && succeeded;
  } else {
    await report({ kind: "set_up_failed" });
  }
  await report({ kind: "orphans_killed", count: killOrphans(trackingId) });
  await delay(job.flushSeconds * 1000);
  await report({ kind: "flushed" });
  return succeeded ? "success" : "failure";
}

async function runSteps(
  job: JobMessage,
  place: { cwd: string; env: NodeJS.ProcessEnv },
  runnerDir: string,
  report: JobSurroundings["report"],
): Promise<boolean> {
  for (const step of job.steps) {
    const file = path.join(runnerDir, "_work/_temp", `${randomUUID()}.sh`);
    writeFileSync(file, step.script);
    const result = await runScript(file, place);
    await report({ kind: "step", name: step.name, ...result });
    if (result.exitCode !== 0) return false;
  }
  return true;
}

function whyNotAHook(file: string): string | undefined {
  if (!path.isAbsolute(file)) return `'${file}' is not an absolute path to a script.`;
  if (!file.endsWith(".sh"))
    return `${file} is not a valid path to a script. Make sure it ends in '.sh' or '.ps1'.`;
  return existsSync(file) ? undefined : `File doesn't exist: ${file}`;
}

function workspaceOf(runnerDir: string): string {
  const workspace = path.join(runnerDir, "_work/app/app");
  mkdirSync(workspace, { recursive: true });
  mkdirSync(path.join(runnerDir, "_work/_temp"), { recursive: true });
  return workspace;
}

function environmentOf(
  job: JobMessage,
  trackingId: string,
  runnerDir: string,
  runnerName: string,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_JOB: job.name,
    GITHUB_REPOSITORY: job.repository,
    GITHUB_RUN_ID: job.runId,
    GITHUB_RUN_ATTEMPT: job.runAttempt,
    GITHUB_WORKSPACE: path.join(runnerDir, "_work/app/app"),
    RUNNER_NAME: runnerName,
    RUNNER_TEMP: path.join(runnerDir, "_work/_temp"),
    ...job.env,
    RUNNER_TRACKING_ID: trackingId,
  };
}
