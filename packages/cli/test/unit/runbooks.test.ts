import { readdirSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { makeProgram } from "../../src/program.ts";

const RUNBOOKS = new URL("../../../../docs/runbooks/", import.meta.url);
const sink = { write: () => true };
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing is run
const program = makeProgram({ out: sink, err: sink } as unknown as Context, "0");

/** Why that is no command line of ours; undefined when it is one. Only names are looked at. */
function mistakeIn(line: string): string | undefined {
  let command: Command = program;
  const words = line.split(/\s+/).slice(1);
  const known = () => [...program.options, ...command.options].map(({ long }) => long);
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next) command = next;
    else if (word.startsWith("--") && !known().includes(word)) return `${line}: no ${word}`;
  }
  return command.commands.length === 0 ? undefined : `${line}: no such command`;
}

test("every command that a runbook names is there, with its flags", () => {
  const mistakes = readdirSync(RUNBOOKS).flatMap((name) => {
    const text = readFileSync(new URL(name, RUNBOOKS), "utf8");
    const inline = [...text.matchAll(/`(tartfleet [^`]+)`/g)].map(([, line = ""]) => line);
    const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.split("\n"));
    const lines = [...inline, ...blocks.filter((line) => line.startsWith("tartfleet "))];
    return lines
      .flatMap((line) => mistakeIn(line.replace(/\s+#.*/, "")) ?? [])
      .map((why) => `${name}: ${why}`);
  });
  expect(mistakes).toEqual([]);
});
