import type { RevealedRunner } from "@tartfleet/shared";
import { secretFile, secretFromFile, type RunnerPlan } from "./plan.ts";

const CONFIG = "circleci-runner.yaml";

/**
 * Machine runner 3, for one task (ci-runners §2.7). Its settings are a file of YAML, of which JSON is a part; the
 * token comes by a variable, which counts before the file.
 */
export function planCircleci(
  { token, url, idleTimeoutSeconds }: Extract<RevealedRunner, { kind: "circleci" }>,
  name: string,
): RunnerPlan {
  const config = {
    ...(url === undefined ? {} : { api: { url } }),
    runner: { name, mode: "single-task", idle_timeout: `${idleTimeoutSeconds}s` },
  };
  return {
    files: [secretFile(token), { name: CONFIG, mode: "0600", content: JSON.stringify(config) }],
    check: `have circleci-runner || missing "circleci-runner (machine runner 3), in PATH"\n`,
    prepare: "",
    start: `cd "$home" || exit 1
export CIRCLECI_RUNNER_WORK_DIR="$home/circleci-runner"
${secretFromFile("CIRCLECI_RUNNER_API_AUTH_TOKEN")}exec circleci-runner machine -c "$dir/${CONFIG}"
`,
  };
}
