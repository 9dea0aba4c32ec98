import { expect, test } from "vitest";
import { z } from "zod";
import { baseUrl, onOff, path, readSettings, seconds, wholeNumber } from "../src/index.ts";

const table = z.object({
  url: baseUrl("is needed"),
  dataDir: path.optional(),
  port: wholeNumber(1, 65_535).prefault("7337").describe("Port to serve on"),
  pause: seconds(0, 60).optional(),
  label: z.array(z.string()).optional(),
  loud: onOff.describe("Say more"),
});

const read = (argv: string[], env: Record<string, string> = {}) =>
  readSettings(
    {
      name: "program",
      description: "Does things.",
      version: "1.2.3",
      table,
      secrets: z.object({ password: z.string().min(8, "must have 8 characters").optional() }),
      lists: ["label"],
      switches: ["loud"],
      contradictions: ({ port, pause }) => (port === 1 && pause === 1 ? ["--port: not both 1"] : []),
    },
    argv,
    env,
  );

test("a flag wins over its variable, and an empty variable is none", () => {
  expect(
    read(["--url", "http://a/", "--label", "x", "--label", "y"], {
      TARTFLEET_URL: "http://b",
      TARTFLEET_DATA_DIR: "",
      TARTFLEET_PAUSE: "0.25",
      TARTFLEET_PASSWORD: "correct horse",
    }),
  ).toEqual({
    kind: "settings",
    settings: {
      url: "http://a",
      port: 7337,
      pause: 0.25,
      label: ["x", "y"],
      loud: false,
      password: "correct horse",
    },
  });
});

test("every mistake is listed under the name it was given by", () => {
  expect(
    read(["--port", "99999", "--data-dir", "--colour", "red"], {
      TARTFLEET_PAUSE: "long",
      TARTFLEET_PASSWORD: "x",
    }),
  ).toEqual({
    kind: "mistakes",
    mistakes: [
      "--colour: there is no such option; see --help",
      "red: there is no such option; see --help",
      "--data-dir: needs a value",
      "--url: is needed",
      "--port: must be at most 65535",
      "TARTFLEET_PAUSE: must be a number of seconds",
      "TARTFLEET_PASSWORD: must have 8 characters",
    ],
  });
});

test("what contradicts itself is said once everything else is right", () => {
  expect(read(["--url", "http://a", "--port", "1", "--pause", "1"])).toEqual({
    kind: "mistakes",
    mistakes: ["--port: not both 1"],
  });
});

test.each<[string[], string | undefined, unknown]>([
  [[], undefined, false],
  [["--loud"], undefined, true],
  [["--loud"], "0", true],
  [[], "1", true],
  [[], "false", false],
])("a switch is on by %j and a variable %s: %s", (argv, variable, loud) => {
  const env = variable === undefined ? {} : { TARTFLEET_LOUD: variable };
  expect(read(["--url", "http://a", ...argv], env)).toMatchObject({ settings: { loud } });
});

test("a switch takes no value, and its variable 1 or 0", () => {
  expect(read(["--url", "http://a", "--loud", "yes"], {})).toMatchObject({
    mistakes: ["yes: there is no such option; see --help"],
  });
  expect(read(["--url", "http://a"], { TARTFLEET_LOUD: "loud" })).toMatchObject({
    mistakes: ["TARTFLEET_LOUD: must be 1 or 0"],
  });
});

test("a secret is no flag", () => {
  expect(read(["--url", "http://a", "--password", "correct horse"])).toMatchObject({ kind: "mistakes" });
  const help = read(["--help"]);
  expect(help).toMatchObject({ kind: "text", text: expect.stringContaining("--port [value]") });
  expect(JSON.stringify(help)).not.toContain("password");
});
