import type { RevealedRunner } from "@tartfleet/shared";
import { quote } from "../guest/shell.ts";
import { secretFile, secretFromFile, type RunnerPlan } from "./plan.ts";

type Github = Extract<RevealedRunner, { kind: "github" }>;

const HOOKS = `/bin/bash "$dir/github-hooks.sh" || broken "cannot write ~/actions-runner/.env"\n`;

const CHECK = `[ -x "$home/actions-runner/run.sh" ] || missing "the GitHub Actions runner, unpacked in ~/actions-runner"\n`;

/**
 * With the exit code 7 the runner says that GitHub no longer takes its version, and run.sh passes signals on to
 * what listens for jobs (ci-runners §2.2).
 */
const BEGIN = `cd "$home/actions-runner" || exit 1
export ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1 RUNNER_MANUALLY_TRAP_SIG=1
`;

export function planGithub(runner: Github, name: string): RunnerPlan {
  const { jitConfig, url, registrationToken } = runner;
  if (jitConfig !== undefined) {
    return {
      files: [secretFile(jitConfig)],
      check: CHECK,
      prepare: HOOKS,
      start: `${BEGIN}${secretFromFile("ACTIONS_RUNNER_INPUT_JITCONFIG")}exec ./run.sh\n`,
    };
  }
  const words = [
    "--unattended",
    "--ephemeral",
    "--disableupdate",
    "--replace",
    "--work",
    "_work",
    "--name",
    name,
  ];
  if (url !== undefined) words.push("--url", url);
  if (runner.labels?.length) words.push("--labels", runner.labels.join(","));
  if (runner.group !== undefined) words.push("--runnergroup", runner.group);
  return {
    files: registrationToken === undefined ? [] : [secretFile(registrationToken)],
    check: CHECK,
    prepare: HOOKS,
    start: `${BEGIN}${secretFromFile("ACTIONS_RUNNER_INPUT_TOKEN")}./config.sh ${words.map(quote).join(" ")} || exit $?
unset ACTIONS_RUNNER_INPUT_TOKEN
exec ./run.sh
`,
  };
}
