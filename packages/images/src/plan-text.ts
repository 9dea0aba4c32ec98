import { quote } from "@tartfleet/agent/src/guest/shell.ts";
import type { Step } from "./plan.ts";

/** A command as a person would type it. */
export const commandLine = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : quote(word))).join(" ");

/** A plan for people: what comes out of what, and the commands. */
export function planText(steps: readonly Step[]): string {
  return steps
    .map(({ name, makes, from, commands, limitMinutes }, index) => {
      const origin = from === undefined ? "" : ` from ${from}`;
      const head = `${index + 1}. ${name}: ${makes}${origin} (at most ${limitMinutes} min)`;
      return [head, ...commands.map((argv) => `   ${commandLine(argv)}`)].join("\n");
    })
    .join("\n");
}
