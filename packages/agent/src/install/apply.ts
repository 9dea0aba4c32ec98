import { AgentStop } from "../process/exit.ts";
import type { Mac } from "./mac.ts";
import type { Change, Look } from "./plan.ts";
import { handleOf } from "./things/index.ts";
import { nameOf, type State, type Thing } from "./things/thing.ts";

/** Looks at things, one after the other. @throws AgentStop when one cannot be seen */
export async function lookAt(mac: Mac, things: readonly Thing[]): Promise<Look> {
  const states = new Map<string, State>();
  for (const thing of things) states.set(nameOf(thing), await orStop(thing, handleOf(thing).look(mac)));
  return (thing) => states.get(nameOf(thing)) ?? null;
}

/**
 * Makes the changes, in order.
 *
 * @param source the bundle that is installed
 * @param done is told after each one
 * @throws AgentStop at the first that fails; the same command again goes on from there
 */
export async function apply(
  mac: Mac,
  changes: readonly Change[],
  source: string | undefined,
  done: (change: Change) => void,
): Promise<void> {
  for (const change of changes) {
    await orStop(change.thing, handleOf(change.thing, source).put(mac, change.to, change.from));
    done(change);
  }
}

async function orStop<T>(thing: Thing, act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    if (error instanceof AgentStop) throw error;
    throw new AgentStop(
      "files",
      `${nameOf(thing)}: ${error instanceof Error ? error.message : String(error)}\n` +
        "What was done so far is remembered: give the same command again once that is cured.",
    );
  }
}
