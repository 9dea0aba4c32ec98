import type { RevealedRunner } from "@tartfleet/shared";
import { quote } from "../guest/shell.ts";
import { secretFile, secretFromFile, type RunnerPlan } from "./plan.ts";

/** The agent insists on a build path; an image without a configuration file of its own gets one. */
const BUILD_PATH = `configured=
for file in /opt/homebrew/etc /usr/local/etc /etc; do
  if [ -e "$file/buildkite-agent/buildkite-agent.cfg" ]; then configured=yes; fi
done
if [ -e "$home/.buildkite-agent/buildkite-agent.cfg" ]; then configured=yes; fi
if [ -z "$configured" ]; then export BUILDKITE_BUILD_PATH="$home/.buildkite-agent/builds"; fi
`;

/** One job and out: the given one, or the next of the queue (ci-runners §2.4). */
export function planBuildkite(
  runner: Extract<RevealedRunner, { kind: "buildkite" }>,
  name: string,
): RunnerPlan {
  const words = ["--name", name];
  if (runner.queue !== undefined) words.push("--tags", `queue=${runner.queue}`);
  if (runner.endpoint !== undefined) words.push("--endpoint", runner.endpoint);
  if (runner.acquireJob !== undefined) words.push("--acquire-job", runner.acquireJob);
  else {
    words.push("--disconnect-after-job");
    const idle = runner.idleTimeoutSeconds;
    if (idle !== undefined) words.push("--disconnect-after-idle-timeout", String(idle));
  }
  return {
    files: [secretFile(runner.token)],
    check: `have buildkite-agent || missing "buildkite-agent, in PATH"\n`,
    prepare: "",
    start: `cd "$home" || exit 1
${BUILD_PATH}${secretFromFile("BUILDKITE_AGENT_TOKEN")}exec buildkite-agent start ${words.map(quote).join(" ")}
`,
  };
}
