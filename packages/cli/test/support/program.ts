import picocolors from "picocolors";
import type { Context } from "../../src/context.ts";
import { makeProgram } from "../../src/program.ts";

/** The command line in this process, to be looked at and not run. */
export function programOf() {
  const screen = {
    write: () => {},
    style: () => ({ colors: picocolors.createColors(false), width: 80, terminal: false, now: 0 }),
  };
  const context: Context = {
    env: {},
    now: Date.now,
    uniqueId: () => "",
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    exitWith: () => {},
    out: screen,
    err: screen,
  };
  return makeProgram(context, "0");
}
