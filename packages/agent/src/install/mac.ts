import { fullPath } from "../tart/config.ts";
import { ask } from "../doctor/ask.ts";
import { notSaid, type Said } from "../doctor/said.ts";
import { AgentStop } from "../process/exit.ts";

/** A program and its arguments. Never with a secret in it: every user of the machine can read it. */
export type Words = readonly [program: string, ...args: string[]];

/** The Mac that is set up, or a folder that stands for it. */
export interface Mac {
  /** Where a path of the Mac is found from here. */
  at(path: string): string;
  /** Whether files can be given to users: root can, and tests that are not root go without. */
  gives: boolean;
  /** Asks a program of the system; never rejects. */
  ask(words: Words): Promise<Said>;
}

/** Stopping a job waits for what it stops. */
const ASK_MS = 60_000;

/**
 * @param root in whose place all paths are; "" for the Mac itself
 * @param env from which the programs' own is made
 */
export function realMac(root: string, env: Readonly<Record<string, string | undefined>>): Mac {
  const { signal } = new AbortController();
  const programs = {
    ...Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        value === undefined || /^TART(FLEET)?_/.test(name) ? [] : [[name, value]],
      ),
    ),
    PATH: fullPath(env["PATH"]),
    // The answers are read.
    LC_ALL: "C",
  };
  return {
    at: (path) => `${root}${path}`,
    gives: process.geteuid?.() === 0,
    ask: ([program, ...args]) => ask(program, args, { env: programs, timeoutMs: ASK_MS, signal }),
  };
}

/**
 * Has a program of the system do something.
 *
 * @returns what it printed
 * @throws AgentStop when it fails
 */
export async function act(mac: Mac, words: Words): Promise<string> {
  const said = await mac.ask(words);
  if (said.kind === "exited" && said.code === 0) return said.stdout;
  const [program] = words;
  const lines = said.kind === "exited" ? said.stderr.trim() : "";
  throw new AgentStop(
    "system",
    `${notSaid(program, said)} It was to do: ${words.join(" ")}${lines === "" ? "" : `\n  ${lines}`}\n` +
      "What was done so far is remembered: give the same command again once that is cured.",
  );
}
