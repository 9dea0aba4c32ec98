import type { RevealedRunner } from "@tartfleet/shared";
import { exports, quote } from "../guest/shell.ts";
import { SECRET_FILE, secretFile, type RunnerPlan } from "./plan.ts";

type Azure = Extract<RevealedRunner, { kind: "azure" }>;

/** The agent's listener tells everybody who may read the pool what is in its environment, but for these names. */
const HIDDEN = `VSO_AGENT_IGNORE=$(grep -oE 'export [A-Za-z_][A-Za-z0-9_]*=' "$dir/job.env" | sed -e 's/^export //' -e 's/=$//' | tr '\\n' ,)
export VSO_AGENT_IGNORE
`;

/** A pool that does not answer must not keep the VM: the agent has another who removes it, or stays as a ghost. */
const UNREGISTER = `VSTS_AGENT_INPUT_TOKEN=$token ./config.sh remove --unattended --auth pat &
remover=$!
(sleep 60; kill "$remover") >/dev/null 2>&1 &
wait "$remover" || echo "the agent stays in its pool: remove it there"
`;

/**
 * Registers in the pool, takes one job, and leaves the pool (ci-runners §2.6). The token is in the environment of
 * config.sh alone, which takes it from there, and never in that of the listener, whose environment is published.
 * Without `unregister` it is nowhere in the guest any more when the job begins.
 */
export function planAzure({ url, token, pool, capabilities, unregister }: Azure, name: string): RunnerPlan {
  const words = ["--unattended", "--url", url, "--auth", "pat", "--pool", pool, "--agent", name];
  words.push("--replace", "--work", "_work");
  return {
    files: [secretFile(token)],
    check: `for file in config.sh run.sh; do
  [ -x "$home/azure-pipelines-agent/$file" ] || missing "the Azure Pipelines agent, unpacked in ~/azure-pipelines-agent"
done
`,
    prepare: "",
    // With a handler bash outlives a signal until the agent has ended: while that lives, its job does.
    start: `cd "$home/azure-pipelines-agent" || exit 1
trap : TERM
token=$(cat "$dir/${SECRET_FILE}") && rm -f "$dir/${SECRET_FILE}"
${HIDDEN}${exports(capabilities ?? {})}VSTS_AGENT_INPUT_TOKEN=$token ./config.sh ${words.map(quote).join(" ")} || exit $?
${unregister ? "" : "unset token\n"}./run.sh --once
rc=$?
${unregister ? UNREGISTER : ""}exit "$rc"
`,
  };
}
