import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { OWN_PROGRAMS, type Objection } from "./own-programs.ts";
import { packerObjection } from "./packer-command.ts";
import { ROOT } from "./reader-home.ts";
import type { Call } from "./rehearse.ts";

/** Whether this machine has the AWS CLI, by which its own commands are judged. */
export const HAS_AWS = (await execa("aws", ["--version"], { reject: false })).exitCode === 0;

/** Reads the words as the AWS CLI does, and calls nothing. */
const aws: Objection = async (args) => {
  if (!HAS_AWS) return undefined;
  const { exitCode, stderr } = await execa("aws", [...args, "--generate-cli-skeleton", "input"], {
    env: {
      AWS_REGION: "eu-central-1",
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    reject: false,
  });
  return exitCode === 0 ? undefined : (stderr.trim().split("\n").at(-1) ?? "the AWS CLI does not take that");
};

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** `npm run [--silent] TASK [-- ARGS]`. */
const npm: Objection = async (args, call) => {
  const [run, ...rest] = args.filter((word, index) => word !== "--silent" || index > 1);
  const [task = "", dashes, ...words] = rest;
  if (run !== "run")
    return run === "test" ? undefined : `npm ${args.join(" ")} is no command of this project`;
  if (!(task in manifest.scripts)) return `there is no npm run ${task}`;
  if (dashes !== undefined && dashes !== "--") return "npm takes what is not behind -- for its own";
  return OWN_PROGRAMS[task]?.(words, call);
};

/** Somebody else's, of which only the name is known here. */
const foreign: Objection = async () => undefined;

/** Every command that a from-zero page may use. */
export const COMMANDS: Readonly<Record<string, Objection>> = {
  aws,
  npm,
  packer: packerObjection,
  ...Object.fromEntries(
    "brew curl gh git launchctl open openssl scp security shasum ssh ssh-keygen sw_vers tar tart"
      .split(" ")
      .map((name) => [name, foreign]),
  ),
};

/** What is wrong with a call, with the line of its block; or undefined. */
export async function objectionTo(call: Call): Promise<string | undefined> {
  const said = await COMMANDS[call.command]?.(call.args, call);
  return said === undefined
    ? undefined
    : `line ${call.line}: ${call.command} ${call.args.join(" ")}\n  ${said}`;
}
