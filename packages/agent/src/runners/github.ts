import type { Runner } from "@tartfleet/shared";
import { quote } from "../guest/shell.ts";
import { secretFile, secretFromFile, type RunnerPlan } from "./plan.ts";

type Github = Extract<Runner, { kind: "github" }>;

/**
 * The runner reads hook variables from `.env` in its own directory, raw. A hook that the image brings along is
 * kept: ours runs beside it, and its exit code still counts.
 */
const HOOKS = `
hook() {
  old=$(sed -n "s/^$1=//p" "$home/actions-runner/.env" 2>/dev/null | tail -n 1)
  case $old in
    '' | "$dir"/*) ;;
    *)
      if [ "$1" = ACTIONS_RUNNER_HOOK_JOB_STARTED ]; then
        printf '#!/bin/bash\\n/bin/bash %q\\nexec /bin/bash -e %q\\n' "$dir/$2" "$old" >"$dir/image-$2"
      else
        printf '#!/bin/bash\\nstatus=0\\n/bin/bash -e %q || status=$?\\n/bin/bash %q job_hook\\nexit $status\\n' "$old" "$dir/$2" >"$dir/image-$2"
      fi
      ;;
  esac
  if [ -e "$dir/image-$2" ]; then printf '%s=%s\\n' "$1" "$dir/image-$2"; else printf '%s=%s\\n' "$1" "$dir/$2"; fi
}
{
  grep -v -e '^ACTIONS_RUNNER_HOOK_JOB_STARTED=' -e '^ACTIONS_RUNNER_HOOK_JOB_COMPLETED=' "$home/actions-runner/.env" 2>/dev/null
  hook ACTIONS_RUNNER_HOOK_JOB_STARTED job-started.sh
  hook ACTIONS_RUNNER_HOOK_JOB_COMPLETED suicide.sh
} >"$home/actions-runner/.env.$$" && mv -f "$home/actions-runner/.env.$$" "$home/actions-runner/.env" ||
  broken "cannot write ~/actions-runner/.env"
`;

const CHECK = `[ -x "$home/actions-runner/run.sh" ] || missing "the GitHub Actions runner, unpacked in ~/actions-runner"\n`;

/** With the exit code 7 the runner says that GitHub no longer takes its version (ci-runners §2.2). */
const BEGIN = `cd "$home/actions-runner" || exit 1\nexport ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1\n`;

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
