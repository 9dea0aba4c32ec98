import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { COMMANDS, objectionTo } from "./from-zero/objections.ts";
import { readPage, scriptOf } from "./from-zero/page.ts";
import { PAGES } from "./from-zero/pages.ts";
import { rehearse } from "./from-zero/rehearse.ts";

const hasShellcheck = (await execa("shellcheck", ["--version"], { reject: false })).exitCode === 0;

test("commands without a mark, and what nothing checks, are mistakes", () => {
  const fence = "```";
  const { blocks, samples, mistakes } = readPage(
    [
      "<!-- checked: aws -->",
      "",
      `${fence}sh`,
      "aws sts get-caller-identity",
      fence,
      `${fence}sh`,
      "rm -rf /",
      fence,
      `${fence}json`,
      "{}",
      fence,
      `${fence}perl`,
      "print",
      fence,
      "<!-- checked: later -->",
      `${fence}sh`,
      "true",
      fence,
    ].join("\n"),
  );
  expect(blocks).toEqual([{ line: 4, mark: "aws", text: "aws sts get-caller-identity" }]);
  expect(samples.map(({ language }) => language)).toEqual(["json", "perl"]);
  expect(mistakes.map((mistake) => mistake.replace(/:.*/, ""))).toEqual(["line 6", "line 12", "line 16"]);
});

describe("what the rehearsal objects to", () => {
  const objections = async (text: string) => {
    const { calls, failure } = await rehearse([{ line: 7, mark: "mac", text }], Object.keys(COMMANDS));
    return [failure, ...(await Promise.all(calls.map(objectionTo)))].filter((said) => said);
  };

  test.each([
    [
      "an option that tartfleet does not have",
      "npm run --silent tartfleet -- vm create --imag x",
      "unknown option",
    ],
    ["a role that there is not", "npm run tartfleet -- token create --role king --name x", "king"],
    ["a stack that there is not", "npm run --silent infra -- deploy hots", "hots"],
    ["a task that there is not", "npm run fly", "no npm run fly"],
    [
      "an option of the installer",
      "tar xzf tartfleet-agent-1.tar.gz; sudo tartfleet-agent-1/bin/tartfleet-agent install --user ci --urll x",
      "--urll",
    ],
    ["a setting of the doctor", "npm run --silent agent -- doctor --loud", "--loud"],
    [
      "an option of the agent in an unpacked bundle",
      "tar xzf tartfleet-agent-*.tar.gz; sudo ./tartfleet-agent-*/bin/tartfleet-agent install --user ci --colour x",
      "--colour",
    ],
    ["a setting of the control plane", "npm run control-plane -- --public-url x", "--public-url"],
    ["a layer's variable", "packer validate -var colour=blue packer/images", "no variable colour"],
    ["a command that nobody knows", "frobnicate --all", "command not found"],
    ["a variable that was never set", 'npm run tartfleet -- vm get "$NOWHERE"', "NOWHERE"],
    ["what stands behind sudo", "sudo -u ci npm run fly", "no npm run fly"],
  ])("%s", async (_, text, said) => {
    expect((await objections(text)).join("\n")).toContain(said);
  });
});

describe.each(PAGES)("$name", (page) => {
  test("every block says how it is checked", () => {
    expect(page.mistakes).toEqual([]);
    expect(page.blocks.length).toBeGreaterThan(0);
  });

  test("what it shows of files can be read", () => {
    const readers: Record<string, (text: string) => unknown> = {
      json: JSON.parse,
      yaml: (text) => parseYaml(text),
    };
    for (const { line, language, text } of page.samples)
      expect(() => readers[language]?.(text), `line ${line}`).not.toThrow();
  });

  test.skipIf(!hasShellcheck)("shellcheck has nothing to say", async () => {
    const { stdout } = await execa("shellcheck", ["--shell=bash", "--severity=info", "--format=gcc", "-"], {
      input: scriptOf(page.blocks),
      reject: false,
    });
    expect(stdout).toBe("");
  });

  test("every command is one that there is, with options that it has", async () => {
    const { calls, failure } = await rehearse(page.blocks, Object.keys(COMMANDS));
    expect(failure).toBe("");
    expect((await Promise.all(calls.map(objectionTo))).filter((said) => said !== undefined)).toEqual([]);
  });
});
