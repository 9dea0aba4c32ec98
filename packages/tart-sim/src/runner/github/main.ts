/** The stand-in of GitHub's Runner.Listener: `run`, `configure`, `remove`, `warmup`, `--version`. */
import "../../guest/leave-cache.ts";
import { setTimeout as delay } from "node:timers/promises";
import { readInputs } from "../inputs.ts";
import { recordStart } from "../record-start.ts";
import { BadOption, type OptionTable } from "../strict-options.ts";
import { listen } from "./listen.ts";
import {
  decodeJitConfig,
  forgetRunner,
  isConfigured,
  readEnvironmentFiles,
  writeRunnerFiles,
} from "./runner-directory.ts";
import { Refused, register } from "./server-link.ts";

const INPUTS = "ACTIONS_RUNNER_INPUT_";

const runOptions: OptionTable = { "--jitconfig": "value", "--once": "flag", "--startuptype": "value" };

const configureOptions: OptionTable = {
  "--unattended": "flag",
  "--ephemeral": "flag",
  "--disableupdate": "flag",
  "--replace": "flag",
  "--no-default-labels": "flag",
  "--url": "value",
  "--token": "value",
  "--name": "value",
  "--labels": "value",
  "--runnergroup": "value",
  "--work": "value",
};

/** Exit codes of the real listener: 1 = give up, 2 = try again. */
const terminated = 1;
const retryable = 2;

async function run(runnerDir: string, argv: readonly string[]): Promise<number> {
  const inputs = readInputs(argv, runOptions, INPUTS);
  const jitConfig = inputs.value("--jitconfig");
  if (jitConfig !== undefined) writeRunnerFiles(runnerDir, decodeJitConfig(jitConfig));
  if (!isConfigured(runnerDir)) {
    console.error("Not configured. Run config.(sh/cmd) to configure the runner.");
    return terminated;
  }
  return listen(runnerDir);
}

async function configure(runnerDir: string, argv: readonly string[]): Promise<number> {
  const inputs = readInputs(argv, configureOptions, INPUTS);
  if (isConfigured(runnerDir)) {
    console.error("Cannot configure the runner because it is already configured.");
    return terminated;
  }
  const [url, token] = [inputs.value("--url"), inputs.value("--token")];
  if (!inputs.flag("--unattended") || url === undefined || token === undefined) {
    console.error(
      "Invalid configuration provided for --unattended, --url or --token. Terminating unattended configuration.",
    );
    return terminated;
  }
  const ownLabels = inputs.flag("--no-default-labels") ? [] : ["self-hosted", "macOS", "ARM64"];
  const asked = (inputs.value("--labels") ?? "").split(",").filter((label) => label !== "");
  const files = await register(url, {
    token,
    name: inputs.value("--name") ?? `runner-${process.pid}`,
    labels: [...ownLabels, ...asked],
  });
  writeRunnerFiles(runnerDir, files);
  console.log("√ Runner successfully added\n√ Settings Saved.");
  return 0;
}

async function main(runnerDir: string, [command = "", ...argv]: readonly string[]): Promise<number> {
  // Before anything else, as the real one: hooks are usually named there.
  Object.assign(process.env, readEnvironmentFiles(runnerDir));
  recordStart(`Runner.Listener ${command}`, argv, ["ACTIONS_RUNNER_", "RUNNER_"]);
  switch (command) {
    case "run":
      return run(runnerDir, argv);
    case "configure":
      return configure(runnerDir, argv);
    case "remove":
      forgetRunner(runnerDir);
      return 0;
    case "warmup":
      return 0;
    case "--version":
      console.log("2.329.0");
      return 0;
    default:
      throw new BadOption(`unknown command: ${command}`);
  }
}

const [runnerDir = ".", ...argv] = process.argv.slice(2);
try {
  process.exitCode = await main(runnerDir, argv);
} catch (error) {
  console.error(`An error occurred: ${error instanceof Error ? error.message : String(error)}`);
  // What the network did may pass; what was asked for wrongly will not.
  const hopeless = error instanceof BadOption || error instanceof Refused || error instanceof SyntaxError;
  process.exitCode = hopeless ? terminated : retryable;
  if (!hopeless) await delay(1000);
}
