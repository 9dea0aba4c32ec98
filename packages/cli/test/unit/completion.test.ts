import type { Command } from "commander";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { complete } from "../../src/completion/complete.ts";
import { programOf } from "../support/program.ts";

const program = programOf();

/** Every command with the words that lead to it. */
function walk(command: Command, words: string[] = []): [words: string[], command: Command][] {
  return [
    [words, command],
    ...command
      .createHelp()
      .visibleCommands(command)
      .flatMap((child) => (child.name() === "help" ? [] : walk(child, [...words, child.name()]))),
  ];
}
const all = walk(program);
const values = (words: string[]) => complete(program, words).candidates.map(({ value }) => value);

test.each(all.map(([words, command]) => [words.join(" ") || "(none)", words, command] as const))(
  "after %s come its commands and flags, and every value that is one of few",
  (_name, words, command) => {
    for (const child of command.createHelp().visibleCommands(command))
      expect(values([...words, ""])).toContain(child.name());
    const flags = values([...words, "--"]);
    for (const { long, hidden } of command.options) if (long && !hidden) expect(flags).toContain(long);
    expect(flags).toContain("--json");
    for (const option of command.options)
      if (option.argChoices && option.long) {
        expect(values([...words, option.long, ""])).toEqual(option.argChoices);
        expect(values([...words, `${option.long}=`])).toEqual(
          option.argChoices.map((value) => `${option.long}=${value}`),
        );
      }
    const [first] = command.registeredArguments;
    if (first?.argChoices) expect(values([...words, ""])).toEqual(first.argChoices);
  },
);

test("names are the group's, and where an option's value is wanted that option's", () => {
  const names = (...words: string[]) => complete(program, words).names;
  expect(names("vm", "get", "")).toBe("vms");
  expect(names("vm", "exec", "-t", "")).toBe("vms");
  expect(names("vm", "get", "abc", "")).toBeUndefined();
  expect(names("vm", "list", "--host", "")).toBe("hosts");
  expect(names("image", "cancel", "")).toBe("plans");
  expect(names("webhook", "create", "")).toBeUndefined();
  expect(complete(program, ["vm", "create", "--script", ""]).files).toBe(true);
  expect(complete(program, ["--url=https://a", "vm", "--insecure", "get", ""]).typed).toEqual({
    url: "https://a",
    insecure: true,
  });
});

test("whatever is typed, it answers", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(...all.flatMap(([words]) => words), "--", "--url", "-t", "--json", "--image=", ""),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 8 }), (words) => void complete(program, words)));
});
