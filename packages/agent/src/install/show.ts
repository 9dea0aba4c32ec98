import type { Change } from "./plan.ts";
import { handleOf } from "./things/index.ts";
import { nameOf, type Thing } from "./things/thing.ts";

/** Every change with what it is for, what it was and will be, and the commands that make it so. */
export function showChanges(changes: readonly Change[], source?: string): string {
  return changes
    .map((change) => {
      const { thing, from, to } = change;
      const lines = handleOf(thing, source).show(from, to);
      return [headline(change), ...lines.map((line) => `    ${line}`)].join("\n");
    })
    .join("\n\n");
}

/** One line for one change. */
export function headline({ thing, why }: Change): string {
  return `${nameOf(thing)}: ${why}`;
}

/** A line for what is not put back. */
export function changedSince(thing: Thing): string {
  return `${nameOf(thing)} was changed by somebody else since, and is left as it is.`;
}
