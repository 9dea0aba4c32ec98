import { fileURLToPath } from "node:url";
import { dscl, fdesetup, swVers } from "./about.ts";
import { defaults } from "./defaults.ts";
import { pmset } from "./pmset.ts";
import { security } from "./security.ts";
import { fail, type Answer, type Program, type SimMac } from "./state.ts";

export { fail, ok, simMac, type MacState, type Program, type SimMac } from "./state.ts";

/** Acts as another user. */
const sudo: Program = ([flag, user = "", home, ...words], mac) =>
  flag === "-u" && home === "-H" ? runProgram(words, { ...mac, user }) : fail(1, "usage: sudo");

const PROGRAMS: Readonly<Record<string, Program>> = {
  sw_vers: swVers,
  fdesetup,
  dscl,
  pmset,
  security,
  sudo,
  defaults,
};

/** The programs that look at a Mac's settings and change them; symlinks of these names to `systemMain` are they. */
export const SYSTEM_PROGRAMS: readonly string[] = Object.keys(PROGRAMS);
export const systemMain: string = fileURLToPath(new URL("main.ts", import.meta.url));

/** Runs one of them in this very process; one that is not here is not found. */
export function runProgram([program = "", ...args]: readonly string[], mac: SimMac): Answer {
  return PROGRAMS[program]?.(args, mac) ?? fail(127, `${program}: command not found`);
}
