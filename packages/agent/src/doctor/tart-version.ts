import { error, majorOf, ok, unknown, warning, type Judgement } from "./judge.ts";
import { notSaid, type Said } from "./said.ts";

type Version = readonly [major: number, minor: number, patch: number];

const LAST_FOR_15: Version = [2, 34, 0];
const FIRST_FOR_26: Version = [2, 40, 1];
const BROKEN_EXEC: Version = [2, 36, 0];
const FIRST_WITH_EXEC: Version = [2, 27, 3];

const PIN =
  "curl -fL https://github.com/openai/tart/releases/download/2.34.0/tart.tar.gz | tar -xz -C ~ # then start the agent with --tart ~/tart.app/Contents/MacOS/tart";
const UPGRADE = "brew upgrade openai/tools/tart || brew install openai/tools/tart";

/** Whether this tart is one for this macOS (tart-contract §0.2). */
export function judgeTart(said: Said, macos: string | undefined): Judgement {
  const major = majorOf(macos);
  const cure = major !== undefined && major <= 15 ? PIN : UPGRADE;
  if (said.kind === "missing") return error("tart is not installed, or not where the agent looks.", cure);
  if (said.kind === "silent") return unknown(notSaid("tart --version", said), cure);
  if (said.code !== 0) {
    const isOfAnotherMacos = /Library not loaded|dyld(\[|:)/.test(said.stderr);
    return error(
      isOfAnotherMacos ? `This tart does not start on ${named(macos)}.` : notSaid("tart --version", said),
      cure,
    );
  }
  const text = said.stdout.trim().slice(0, 64);
  const version = parseVersion(text);
  if (!version) {
    return unknown(`tart says that its version is "${text}", which is none that can be compared.`, cure);
  }
  if (isBefore(version, FIRST_WITH_EXEC)) {
    return error(`tart ${text} is too old: guests cannot be reached with it.`, cure);
  }
  if (compare(version, BROKEN_EXEC) === 0) {
    return error(
      "tart 2.36.0 does not start a VM where an earlier run left its control socket behind.",
      cure,
    );
  }
  if (major === undefined) {
    return unknown(`tart ${text} is here; whether it fits cannot be told without a version of macOS.`);
  }
  if (major <= 15) {
    if (!isBefore(LAST_FOR_15, version)) return ok(`tart ${text} fits ${named(macos)}.`);
    return warning(
      `tart ${text} is newer than 2.34.0, the last that is known to work on ${named(macos)}.`,
      PIN,
    );
  }
  if (!isBefore(version, FIRST_FOR_26)) return ok(`tart ${text} fits ${named(macos)}.`);
  return warning(
    `tart ${text} is older than 2.40.1, the first that is known to be good on ${named(macos)}.`,
    UPGRADE,
  );
}

/** The last that cannot find the control sockets of VMs below a path that URLs write otherwise. */
const LAST_FOR_PLAIN_PATHS: Version = [2, 36, 0];

/** Whether this tart reaches guests from where it keeps them (tart-contract §0.2). The path itself is not told. */
export function judgeTartHome(path: string, said: Said): Judgement {
  if (/^[\x21-\x7e]*$/.test(path)) return ok("TART_HOME has neither spaces nor letters beyond ASCII.");
  const version = said.kind === "exited" ? parseVersion(said.stdout.trim()) : undefined;
  const what = "TART_HOME has spaces or letters beyond ASCII";
  if (version && isBefore(LAST_FOR_PLAIN_PATHS, version)) return ok(`${what}, which this tart can do with.`);
  const cure = 'mv "$TART_HOME" ~/.tart # while no VM runs; then start the agent with --tart-home ~/.tart';
  if (!version) return unknown(`${what}; tart up to 2.36.0 reaches no guest then.`, cure);
  return error(`${what}, so that tart up to 2.36.0 reaches no guest by its control socket.`, cure);
}

function named(macos: string | undefined): string {
  return macos === undefined ? "this system" : `macOS ${macos}`;
}

function parseVersion(text: string): Version | undefined {
  const parts = /^v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?$/.exec(text);
  return parts ? [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0)] : undefined;
}

function isBefore(a: Version, b: Version): boolean {
  return compare(a, b) < 0;
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
