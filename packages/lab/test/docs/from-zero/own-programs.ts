import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { CommanderError, type Command } from "commander";
import { execa } from "execa";
import type { Context } from "@tartfleet/cli/src/context.ts";
import { styleOf } from "@tartfleet/cli/src/output/style.ts";
import { makeProgram as makeCli } from "@tartfleet/cli/src/program.ts";
import type { Call } from "./rehearse.ts";

/** What is wrong with a call of one of our programs, or undefined. */
export type Objection = (args: readonly string[], call: Call) => Promise<string | undefined>;

const quiet = { write: () => {}, style: () => styleOf({}, {}, 0) };

const cliContext: Context = {
  env: {},
  now: () => 0,
  uniqueId: () => "id",
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  exitWith: () => {},
  out: quiet,
  err: quiet,
};

/** Found by its path: the types of what it reads HCL with are a browser's, and would be everybody's here. */
async function makeImages(): Promise<Command> {
  const program = new URL("../../../../images/src/program.ts", import.meta.url);
  const images = (await import(program.href)) as { makeProgram: (context: object) => Command };
  return images.makeProgram({});
}

async function makeBundle(): Promise<Command> {
  const program = new URL("../../../../bundle/src/program.ts", import.meta.url);
  const bundle = (await import(program.href)) as { makeProgram: (say: () => void) => Command };
  return bundle.makeProgram(() => {});
}

/** Lets commander read the words, and does nothing with them. */
async function parsed(program: Command, args: readonly string[]): Promise<string | undefined> {
  withoutActs(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? undefined : error.message;
  }
}

function withoutActs(command: Command): void {
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  if (command.commands.length === 0) command.action(() => {});
  for (const each of command.commands) withoutActs(each);
}

/** The words of `cdk` that a page may need: what to do, with which stacks, and how. */
const CDK = {
  commands: ["bootstrap", "list", "synth", "diff", "deploy", "destroy"],
  options: ["--all", "--exclusively", "--force", "--quiet", "--yes"],
};

const cdk: Objection = async ([command = "", ...words]) => {
  if (!CDK.commands.includes(command)) return `cdk has no ${command}`;
  const fleet = readFileSync(new URL("../../../../../infra/src/fleet.ts", import.meta.url), "utf8");
  const stacks = [...fleet.matchAll(/new \w+Stack\(\s*app,\s*"([a-z-]+)"/g)].map(([, name = ""]) => name);
  const known = new Set([...CDK.options, ...stacks]);
  const unknown = words.filter((word) => !known.has(word));
  return unknown.length === 0 ? undefined : `neither an option nor a stack: ${unknown.join(" ")}`;
};

/** A setting that no program has: with it none starts, and says everything else that is wrong, too. */
const NO_SETTING = "--only-read-the-settings";

/** Has a program whose settings are a table read them, and go no further. */
const settingsOf =
  (name: string): Objection =>
  async (args, { env }) => {
    if (args.includes("--help")) return undefined;
    const main = fileURLToPath(new URL(`../../../../${name}/src/main.ts`, import.meta.url));
    const { stderr } = await execa(process.execPath, [main, ...args, NO_SETTING], {
      env: { HOME: tmpdir(), ...env },
      extendEnv: false,
      reject: false,
    });
    const [first = "", ...mistakes] = stderr.split("\n").filter((line) => !line.includes(NO_SETTING));
    if (!first.endsWith("with these settings:")) return `did not read its settings: ${stderr}`;
    return mistakes.length === 0 ? undefined : mistakes.join("\n");
  };

/** By the task of `npm run`. */
export const OWN_PROGRAMS: Readonly<Record<string, Objection>> = {
  tartfleet: (args) => parsed(makeCli(cliContext, "0"), args),
  images: async (args) => parsed(await makeImages(), args),
  bundle: async (args) => parsed(await makeBundle(), args),
  infra: cdk,
  agent: settingsOf("agent"),
  "control-plane": settingsOf("control-plane"),
};
