import { Command, InvalidArgumentError, Option } from "commander";
import { SCENARIOS } from "./scenarios/index.ts";

export interface DemoOptions {
  hosts: number;
  vms: number;
  seed: string;
  json: boolean;
  keep: boolean;
  /** This Mac's own tart instead of the simulated one. */
  tart: boolean;
  image: string | undefined;
  engine: "process" | "bwrap" | undefined;
  /** Twenty jobs at a stand-in for GitHub, which the fleet serves by itself. */
  github: boolean;
  /** A promise to be played in place of the whole demo. */
  scenario: string | undefined;
}

function count(most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}

const HELP = `
Scenarios:
${Object.entries(SCENARIOS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join("\n")}

What it does: starts a control plane and one agent for each host, asks by REST for more VMs than there
are slots, each with a GitHub-like runner and a job of its own, and shows how they boot, run their job,
announce their end from the job's hook, delete themselves and make room for the next.

Exit code: 0 when every VM ended because its runner exited, every job's result was delivered and nothing
is left over (of a scenario: when all that it shows happened); 1 when not; 130 after Ctrl-C. Everything that was started is ended in every case.`;

/** Reads the command line; `--help` and mistakes are answered by commander, which ends the process. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const program = new Command("npm run demo --")
    .description("tartfleet's main job, whole: from POST to a VM that deletes itself.")
    .option("--hosts <n>", "Macs, with two slots each", count(20), 3)
    .option("--vms <n>", "VMs to ask for", count(100), 10)
    .option("--seed <text>", "decides the jobs' lengths and the simulation's choices", "1")
    .option("--json", "print the outcome as one JSON document on stdout; all else goes to stderr", false)
    .option("--keep", "leave the fleet running and print how to reach it; Ctrl-C ends it", false)
    .option(
      "--github",
      "twenty jobs arrive at a stand-in for GitHub, and the fleet serves them by itself",
      false,
    )
    .option("--tart", "use this Mac's own tart (one host) instead of simulated Macs", false)
    .option("--image <reference>", "image of the VMs, for --tart")
    .addOption(
      new Option(
        "--engine <name>",
        "what simulated guests are made of; by default the best there is",
      ).choices(["process", "bwrap"]),
    )
    .addOption(
      new Option("--scenario <name>", "play one of the promises below on a fleet of its own").choices(
        Object.keys(SCENARIOS),
      ),
    )
    .addHelpText("after", HELP)
    .parse(argv, { from: "user" });
  const { hosts, vms, seed, json, keep, github, tart, image, engine, scenario } = program.opts<DemoOptions>();
  if (tart && process.platform !== "darwin") {
    program.error("error: --tart needs a Mac with tart on it; without it, the Macs are simulated");
  }
  if (image !== undefined && !tart) program.error("error: --image goes with --tart only");
  if (scenario !== undefined && (tart || keep))
    program.error("error: a scenario decides itself what it plays on: leave --tart and --keep out");
  if (github && (tart || keep || scenario !== undefined))
    program.error("error: --github has a fleet of its own: leave --tart, --keep and --scenario out");
  return { hosts: tart ? 1 : hosts, vms, seed, json, keep, github, tart, image, engine, scenario };
}
