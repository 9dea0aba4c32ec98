import { readFile } from "node:fs/promises";
import path from "node:path";
import type { RecordedStart } from "../../src/runner/record-start.ts";
import { run, shell, type Outcome, type TestGuest } from "../guest/guest-fixture.ts";

/** Starts run.sh with a JIT configuration that comes by stdin, as a careful agent hands it over. */
export const runJitRunner = async (started: TestGuest, jitConfig: string): Promise<Outcome> =>
  run(
    started.guest,
    ["/bin/sh", "-c", "read -r c; export ACTIONS_RUNNER_INPUT_JITCONFIG=$c; exec ~/actions-runner/run.sh"],
    { stdin: `${jitConfig}\n` },
  );

/** Writes an executable script into the guest and answers with its path as the guest sees it. */
export async function writeScript(started: TestGuest, name: string, script: string): Promise<string> {
  const outcome = await run(
    started.guest,
    ["/bin/sh", "-c", `cat >~/${name} && chmod 755 ~/${name} && printf %s "$HOME/${name}"`],
    { stdin: script },
  );
  return outcome.stdout;
}

export async function writeRunnerEnv(started: TestGuest, lines: string[]): Promise<void> {
  await run(started.guest, ["/bin/sh", "-c", "cat >~/actions-runner/.env"], {
    stdin: `${lines.join("\n")}\n`,
  });
}

export async function recordedStarts(started: TestGuest): Promise<RecordedStart[]> {
  const file = path.join(started.spec.diskDir, "Users/admin/.runner-starts.jsonl");
  return (await readFile(file, "utf8"))
    .trim()
    .split("\n")
    .map((line): RecordedStart => JSON.parse(line));
}

export const said = async (started: TestGuest, line: string): Promise<string> =>
  (await shell(started.guest, line)).stdout;
