import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OWN_PROGRAMS, type Objection } from "./own-programs.ts";
import { packerObjection } from "./packer-command.ts";
import { ROOT } from "./reader-home.ts";
import type { Call } from "./rehearse.ts";

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

/** The agent of an unpacked bundle, or the installed one. */
const agent: Objection = async (args, call) => OWN_PROGRAMS["agent"]?.(args, call);

/** Somebody else's, of which only the name is known here. */
const foreign: Objection = async () => undefined;

/** Every command that a from-zero page may use. */
export const COMMANDS: Readonly<Record<string, Objection>> = {
  npm,
  "tartfleet-agent": agent,
  packer: packerObjection,
  ...Object.fromEntries(
    "aws brew curl gh git launchctl open openssl scp security shasum ssh ssh-keygen sw_vers tar tart"
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
