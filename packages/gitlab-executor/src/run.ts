import { readFileSync, writeFileSync } from "node:fs";
import { StageFailure } from "./failure.ts";
import { runInGuest } from "./in-guest.ts";
import { readJob } from "./job.ts";
import type { Stage } from "./stages.ts";
import { vmsOf } from "./vms.ts";

/** Runs one stage's script in the job's VM; its output is this process's. */
export async function run(stage: Stage): Promise<void> {
  const { client, settings, env, signal } = stage;
  const [vm] = await vmsOf(client, readJob(env), signal);
  if (!vm) throw new StageFailure("ours", "The job has no VM: prepare did not make one, or it is long gone");
  if (vm.end !== null) throw new StageFailure("ours", `The job's VM ${vm.id} ended: ${vm.end.message}`);
  const script = readFileSync(settings.script ?? "");
  const exitCode = await runInGuest(stage, vm.id, script);
  if (exitCode === 0) return;
  // For allow_failure:exit_codes; gitlab-runner reads a bare number.
  const file = env["BUILD_EXIT_CODE_FILE"];
  if (file) writeFileSync(file, String(exitCode));
  throw new StageFailure("job", `exit status ${exitCode}`, { exitCode });
}
