import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { scriptOf, type Block } from "./page.ts";
import { makeReaderHome, type ReaderHome } from "./reader-home.ts";

/** A command that a page had its reader's shell call. */
export interface Call {
  /** Line of the block on the page. */
  line: number;
  command: string;
  args: string[];
  /** The variables that our programs listen to. */
  env: Record<string, string>;
}

export interface Rehearsal {
  calls: Call[];
  /** What the shell objected to; empty when all went well. */
  failure: string;
}

/** Notes how it was called, hears its input out, and answers with a word. */
const STAND_IN = `#!/bin/bash
{ printf '%s\\0' "$PAGE_LINE" "\${0##*/}" "$#" "$@"; env -0 | grep -z '^TARTFLEET_' || true; } >"$CALLS/$$"
[ -t 0 ] || cat >/dev/null
echo what-it-would-have-said
`;
/** Unpacks no bundle, and leaves one of which the agent is a stand-in: a page goes on with `./tartfleet-agent-…/bin/tartfleet-agent`. */
const TAR = `${STAND_IN}
for word; do
  case "$word" in
    *tartfleet-agent-*.tar.gz)
      folder=\${word##*/}
      folder=\${folder%.tar.gz}
      mkdir -p "$folder/bin"
      ln -sf "$(dirname "$0")/tartfleet-agent" "$folder/bin/tartfleet-agent"
      ;;
  esac
done
`;
/** The words behind sudo are a command, too. */
const SUDO = `#!/bin/bash
while :; do
  case "$1" in
    -u | -g) shift 2 ;;
    -*) shift ;;
    *) exec "$@" ;;
  esac
done
`;

/**
 * Has a shell go through a page without doing anything: every command that is not harmless is one that only
 * notes how it was called. Variables, substitutions and redirections are the shell's own.
 *
 * @param commands the names of those that there shall be; any other is "command not found"
 */
export async function rehearse(blocks: readonly Block[], commands: readonly string[]): Promise<Rehearsal> {
  await using home = await makeReaderHome();
  const calls = join(home.dir, ".calls");
  await mkdir(calls);
  for (const name of commands) await home.addCommand(name, STAND_IN);
  await home.addCommand("sudo", SUDO);
  await home.addCommand("tar", TAR);
  await makeWhatStandInsDoNot(home);
  const script = join(home.dir, ".page.sh");
  await writeFile(script, scriptOf(blocks));
  const { exitCode, stderr } = await execa("/bin/bash", [script], {
    cwd: home.checkout,
    env: { HOME: home.dir, PATH: home.bin, CALLS: calls, LANG: "C.UTF-8" },
    extendEnv: false,
    stdin: "ignore",
    reject: false,
    timeout: 60_000,
  });
  const files = await readdir(calls);
  return {
    calls: await Promise.all(files.map(async (name) => readCall(await readFile(join(calls, name), "utf8")))),
    failure: exitCode === 0 ? "" : `exit code ${exitCode}: ${stderr}`,
  };
}

/** A key and sums, which later commands of a page read. */
async function makeWhatStandInsDoNot({ dir, checkout }: ReaderHome): Promise<void> {
  await mkdir(join(dir, ".ssh"));
  await writeFile(join(dir, ".ssh/tartfleet-releases.pub"), "ssh-ed25519 AAAA releases@example.com\n");
  await writeFile(join(checkout, "SHA256SUMS"), "");
}

function readCall(text: string): Call {
  const [line = "", command = "", count = "", ...rest] = text.split("\0");
  const variables = rest.slice(Number(count)).filter((variable) => variable !== "");
  return {
    line: Number(line),
    command,
    args: rest.slice(0, Number(count)),
    env: Object.fromEntries(
      variables.map((variable) => {
        const at = variable.indexOf("=");
        return [variable.slice(0, at), variable.slice(at + 1)];
      }),
    ),
  };
}
