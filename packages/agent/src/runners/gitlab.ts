import type { RevealedRunner } from "@tartfleet/shared";
import { quote } from "../guest/shell.ts";
import { secretFile, secretFromFile, type RunnerPlan } from "./plan.ts";

/** `run-single` takes one job, at most, and exits (ci-runners §2.3). */
export function planGitlab(runner: Extract<RevealedRunner, { kind: "gitlab" }>, name: string): RunnerPlan {
  const words = ["--url", runner.url, "--name", name, "--executor", "shell", "--max-builds", "1"];
  words.push("--wait-timeout", String(runner.waitTimeoutSeconds));
  return {
    files: [secretFile(runner.token)],
    check: `have gitlab-runner || missing "gitlab-runner, in PATH"\n`,
    prepare: "",
    start: `cd "$home" || exit 1
${secretFromFile("CI_SERVER_TOKEN")}exec gitlab-runner run-single ${words.map(quote).join(" ")}
`,
  };
}
