import { setTimeout as wait } from "node:timers/promises";
import type { ParsedCommand } from "./cli/spec.ts";
import { dieBySignal } from "./host/die.ts";
import { faultsFor, type Invocation } from "./host/faults.ts";
import { parseVersion } from "./host/version.ts";
import type { Sim } from "./sim.ts";
import { collectGarbage, ensureHome, isRemoteName } from "./storage/home.ts";

/** What the faults of an invocation are matched against. */
export function invocationOf(command: ParsedCommand): Invocation {
  const cmd = command.spec.name;
  const words = command.spec.args.flatMap(({ name, repeat }) =>
    repeat === "passthrough" ? [] : command.args(name),
  );
  return {
    cmd,
    vm: words.findLast((word) => !isRemoteName(word)),
    image: words.find((word) => isRemoteName(word)),
  };
}

/** Commands that leave `tmp` alone, so that interrupted pulls can go on (tart-contract §5.2). */
const keepGarbage = new Set(["pull", "clone"]);

/** What happens before a command's body: faults of the binary itself, validation, garbage collection. */
export async function beforeCommand(
  sim: Sim,
  command: ParsedCommand,
  validate: ((sim: Sim, command: ParsedCommand) => void) | undefined,
): Promise<void> {
  if (sim.faults.has("dyld-abort")) await abortAtLoad();
  if (sim.faults.has("hang")) await sim.sleep(Infinity);
  if (sim.faults.has("hold")) await untilReleased(sim, invocationOf(command));
  const slow = sim.faults.get("slow");
  if (slow !== undefined) await sim.sleep(slow.ms ?? 1000);
  ensureHome(sim.home);
  validate?.(sim, command);
  if (keepGarbage.has(command.spec.name)) return;
  try {
    collectGarbage(sim);
  } catch (error) {
    sim.warn(
      `Failed to perform garbage collection: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (sim.faults.has("gc-noise"))
    sim.warn(
      "Failed to perform garbage collection: The file “E5B3E1D6-3C0A-4A44-8A5B-3C1B5B0E1C3F” couldn’t be removed.",
    );
}

const HOLD_POLL_MS = 20;

/** Held up for as long as faults.json says so: a test decides when it goes on, not a clock. */
async function untilReleased({ hostDir, cancelled }: Sim, invocation: Invocation): Promise<void> {
  while ((await faultsFor(hostDir, invocation)).has("hold"))
    await wait(HOLD_POLL_MS, undefined, { signal: cancelled });
}

/** The binary of some releases does not load on older hosts (tart-contract §0.2). */
export function cannotStartHere({ quirks, host }: Pick<Sim, "quirks" | "host">): boolean {
  const major = parseVersion(host.osVersion)?.[0] ?? Number.parseInt(host.osVersion, 10);
  return quirks.has("abortsOnOldHost") && major <= 15;
}

/** dyld's way to go, before the program's first instruction. */
export const abortAtLoad = (): Promise<never> =>
  dieBySignal(
    "SIGABRT",
    [
      "dyld[4242]: Library not loaded: @rpath/libswiftCompatibilitySpan.dylib",
      "  Referenced from: /opt/homebrew/Cellar/tart/libexec/tart.app/Contents/MacOS/tart",
      "  Reason: tried: '/usr/lib/swift/libswiftCompatibilitySpan.dylib' (no such file)",
    ].join("\n"),
  );
