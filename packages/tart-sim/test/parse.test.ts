import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commands } from "../src/cli/commands.ts";
import { editDistance } from "../src/cli/edit-distance.ts";
import { leftoverMistake, parseCommand } from "../src/cli/parse.ts";
import type { CommandSpec, ParsedCommand } from "../src/cli/spec.ts";

function spec(name: string): CommandSpec {
  const found = commands.find((command) => command.spec.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found.spec;
}

function parsed(name: string, words: readonly string[]): ParsedCommand {
  const result = parseCommand(spec(name), words);
  if (result.kind !== "command") throw new Error(`not a command: ${JSON.stringify(result)}`);
  return result.command;
}

describe("the argument parser", () => {
  test.each([
    ["get", [], "Missing expected argument '<name>'"],
    ["clone", ["a"], "Missing expected argument '<new-name>'"],
    ["exec", ["vm"], "Missing expected argument '<command> ...'"],
    ["set", ["vm", "--cpu"], "Missing value for '--cpu <cpu>'"],
    ["set", ["vm", "--cpu", "--random-mac"], "Missing value for '--cpu <cpu>'"],
    ["set", ["vm", "--cpu", "many"], "The value 'many' is invalid for '--cpu <cpu>'"],
    [
      "get",
      ["vm", "--format", "yaml"],
      "The value 'yaml' is invalid for '--format <format>'. Please provide one of 'text' and 'json'.",
    ],
    ["list", ["--quiet=yes"], "The option '--quiet' does not take any value, but 'yes' was specified."],
    // What is missing is told before what is unknown.
    ["get", ["--bogus"], "Missing expected argument '<name>'"],
  ])("says of %s %j: %s", (name, words, message) => {
    expect(parseCommand(spec(name), words)).toMatchObject({ kind: "mistake", message });
  });

  test.each([
    ["list", ["--no-such-flag"], "Unknown option '--no-such-flag'"],
    ["list", ["--sourc=local"], "Unknown option '--sourc'. Did you mean '--source'?"],
    ["list", ["-x"], "Unknown option '-x'"],
    ["list", ["words"], "Unexpected argument 'words'"],
    ["get", ["vm", "two", "three"], "2 unexpected arguments: 'two', 'three'"],
  ])("leaves over of %s %j: %s", (name, words, message) => {
    expect(leftoverMistake(parsed(name, words))).toBe(message);
  });

  test("takes values behind an equals sign or a space, and shorts in a bundle", () => {
    const command = parsed("set", ["--cpu=4", "vm", "--memory", "8192", "--no-display-refit"]);
    expect([command.int("cpu"), command.int("memory"), command.arg("name")]).toEqual([4, 8192, "vm"]);
    expect(command.flag("display-refit")).toBe(false);
    expect(parsed("exec", ["-it", "vm", "sh"]).flag("tty")).toBe(true);
    expect(parsed("stop", ["-t", "5", "vm"]).int("timeout")).toBe(5);
  });

  test("help and version are answered wherever they stand", () => {
    expect(parseCommand(spec("run"), ["--help"]).kind).toBe("help");
    expect(parseCommand(spec("get"), ["vm", "-h"]).kind).toBe("help");
    expect(parseCommand(spec("list"), ["--version"]).kind).toBe("version");
    expect(parseCommand(spec("exec"), ["vm", "ls", "--help"]).kind).toBe("command");
  });

  test("exec hands on every word after the name, whatever it looks like", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom("-i", "--", "--help", "-t", "--version", "--x=y"));
    const anything = fc.array(word, { minLength: 1 });
    fc.assert(
      fc.property(fc.subarray(["-i", "-t"]), anything, (options, argv) => {
        const command = parsed("exec", [...options, "vm", ...argv]);
        expect(command.args("command")).toEqual(argv);
        expect(command.flag("interactive")).toBe(options.includes("-i"));
        expect(leftoverMistake(command)).toBeUndefined();
      }),
    );
  });

  test("never fails, whatever the words", () => {
    const names = commands.map((command) => command.spec.name);
    const word = fc.oneof(fc.string(), fc.constantFrom("--format", "json", "--", "-q", "--wait", "vm"));
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(word), (name, words) => {
        const result = parseCommand(spec(name), words);
        if (result.kind === "mistake") expect(result.message).not.toBe("");
        if (result.kind === "command") leftoverMistake(result.command);
      }),
    );
  });
});

test("the edit distance is a metric", () => {
  const text = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(editDistance(a, a)).toBe(0);
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
  expect(editDistance("--sourc", "--source")).toBe(1);
});
