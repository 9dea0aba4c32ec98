/** The stand-in of Azure's Agent.Listener: `configure`, `run`, `remove`, `--version`. */
import "../../guest/leave-cache.ts";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runScript } from "../github/run-script.ts";
import { readInputs, type Inputs } from "../inputs.ts";
import { recordStart } from "../record-start.ts";
import { BadOption, type OptionTable } from "../strict-options.ts";

const INPUTS = "VSTS_AGENT_INPUT_";

/** The agent's options are those of its sources, ConfigureAgent.cs, RemoveAgent.cs and RunAgent.cs. */
const credentialOptions: OptionTable = {
  "--unattended": "flag",
  "--auth": "value",
  "--token": "value",
};
const configureOptions: OptionTable = {
  ...credentialOptions,
  "--url": "value",
  "--pool": "value",
  "--agent": "value",
  "--work": "value",
  "--replace": "flag",
  "--acceptteeeula": "flag",
  "--sslcacert": "value",
};
const runOptions: OptionTable = { "--once": "flag", "--startuptype": "value" };

const TERMINATED = 1;

const settingsOf = (agentDir: string): string => path.join(agentDir, ".agent");

async function main(agentDir: string, [command = "", ...argv]: readonly string[]): Promise<number> {
  recordStart(`Agent.Listener ${command}`, argv, [INPUTS]);
  switch (command) {
    case "configure":
      return configure(agentDir, readInputs(argv, configureOptions, INPUTS));
    case "remove":
      return remove(agentDir, readInputs(argv, credentialOptions, INPUTS));
    case "run":
      return run(agentDir, readInputs(argv, runOptions, INPUTS));
    case "--version":
      console.log("4.274.0");
      return 0;
    default:
      throw new BadOption(`unknown command: ${command}`);
  }
}

function requireInputs(inputs: Inputs, names: readonly string[]): void {
  if (!inputs.flag("--unattended")) throw new BadOption("nobody is there to be asked");
  for (const name of names) {
    const value = inputs.value(name) ?? "";
    if (value === "" || (name === "--auth" && value.toLowerCase() !== "pat"))
      throw new BadOption(
        `Invalid configuration provided for ${name.slice(2)}. Terminating unattended configuration.`,
      );
  }
}

function configure(agentDir: string, inputs: Inputs): number {
  if (existsSync(settingsOf(agentDir)))
    throw new BadOption("Cannot configure the agent because it is already configured.");
  requireInputs(inputs, ["--url", "--auth", "--token", "--pool", "--agent"]);
  const settings = { serverUrl: inputs.value("--url"), poolName: inputs.value("--pool") };
  writeFileSync(
    settingsOf(agentDir),
    JSON.stringify({ ...settings, agentName: inputs.value("--agent"), workFolder: inputs.value("--work") }),
  );
  console.log("Successfully added the agent\nSettings Saved.");
  return 0;
}

function remove(agentDir: string, inputs: Inputs): number {
  requireInputs(inputs, ["--auth", "--token"]);
  rmSync(settingsOf(agentDir), { force: true });
  console.log("Succeeded: Removing agent from the server");
  return 0;
}

async function run(agentDir: string, inputs: Inputs): Promise<number> {
  if (!existsSync(settingsOf(agentDir)))
    throw new BadOption("Must configure the agent before running it: ./config.sh");
  const { agentName }: { agentName: string } = JSON.parse(readFileSync(settingsOf(agentDir), "utf8"));
  console.log(`Listening for Jobs: ${agentName}`);
  const job = path.join(process.env["HOME"] ?? ".", ".ci-job.sh");
  if (existsSync(job)) await runScript(job, { cwd: agentDir, env: process.env });
  // Whatever became of the job: the listener's own end says nothing about it.
  if (inputs.flag("--once")) return 0;
  for (;;) await delay(60_000);
}

const [agentDir = ".", ...argv] = process.argv.slice(2);
try {
  process.exitCode = await main(agentDir, argv);
} catch (error) {
  if (!(error instanceof BadOption)) throw error;
  console.error(error.message);
  process.exitCode = TERMINATED;
}
