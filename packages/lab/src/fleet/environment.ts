import { MARKER_VARIABLE } from "./marker.ts";
import type { Command } from "./program.ts";

/** Settings that people have for fleets and tarts of their own; a lab must not hear them. */
const NOT_FOR_LABS = /^(TARTFLEET_|TART_|NODE_OPTIONS$)/;

/** The environment that all processes of a lab start with. */
export function labEnvironment(
  id: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || NOT_FOR_LABS.test(name) ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), [MARKER_VARIABLE]: id };
}

/** Program options by name; `{ "exit-settle-seconds": 2 }` is `--exit-settle-seconds 2`, true a flag alone. */
export type Flags = Readonly<Record<string, string | number | true>>;

export function flagArguments(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
}

/**
 * A Node program of the workspace.
 *
 * @param wrap words before the command, e.g. to enter a network namespace
 */
export function nodeCommand(
  wrap: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Command {
  const [file = process.execPath, ...rest] = [...wrap, process.execPath, ...args];
  return { file, args: rest, env };
}
