import { expect, test } from "vitest";
import { COMMANDS } from "../../src/commands.ts";
import { readSettings } from "../../src/config/read-settings.ts";
import { nameFrom } from "../../src/process/identity.ts";

const read = (argv: string[], env: Record<string, string> = {}) => readSettings(argv, env, "1.2.3");

test("flags and variables of the same names; a flag wins; an empty variable is none", () => {
  const { settings } = read(["--url", "https://fleet.example.com/", "--cpu", "4"], {
    TARTFLEET_URL: "http://other",
    TARTFLEET_CPU: "8",
    TARTFLEET_DATA_DIR: "/var/tartfleet",
    TARTFLEET_MACHINE_ID: "",
    TARTFLEET_ENROLMENT_TOKEN: "secret",
  }) as Extract<ReturnType<typeof read>, { kind: "settings" }>;
  expect(settings).toMatchObject({
    url: "https://fleet.example.com",
    cpu: 4,
    dataDir: "/var/tartfleet",
    logLevel: "info",
    lookSeconds: 3,
  });
  expect(settings.machineId).toBeUndefined();
  expect(settings.enrolmentToken?.reveal()).toBe("secret");
  expect(JSON.stringify(settings)).not.toContain('"secret"');
});

test("labels are repeated flags or one list", () => {
  expect(read(["--url", "https://x", "--label", "site=attic=2"])).toMatchObject({ kind: "mistakes" });
  expect(read(["--url", "https://x", "--label", "a=1", "--label", "site=attic"])).toMatchObject({
    settings: { label: { a: "1", site: "attic" } },
  });
  expect(read(["--url", "https://x"], { TARTFLEET_LABEL: "a=1,site=attic" })).toMatchObject({
    settings: { label: { a: "1", site: "attic" } },
  });
});

test("every mistake is listed by the name it was given under", () => {
  expect(
    read(["--cpu", "0", "--name", "Upper", "--label", "novalue", "--data-dir", "--nonsense", "extra"], {
      TARTFLEET_LOG_LEVEL: "loud",
      TARTFLEET_ENROLMENT_TOKEN: "two words",
    }),
  ).toEqual({
    kind: "mistakes",
    mistakes: [
      "--nonsense: there is no such option; see --help",
      "extra: there is no such option; see --help",
      "--data-dir: needs a value",
      "--url: is needed: where is the control plane?",
      expect.stringMatching(/^--name: must be lower-case/),
      "--label: must be key=value, not novalue",
      "--cpu: must be at least 1",
      expect.stringMatching(/^TARTFLEET_LOG_LEVEL: /),
      "TARTFLEET_ENROLMENT_TOKEN: must be one printable word",
    ],
  });
});

test("the enrolment token has no flag", () => {
  expect(read(["--url", "https://x", "--enrolment-token", "secret"])).toMatchObject({ kind: "mistakes" });
  expect(read(["--help"])).toMatchObject({
    kind: "text",
    text: expect.not.stringContaining("--enrolment-token "),
  });
});

test("a token by file and by variable is one too many", () => {
  expect(
    read(["--url", "https://x", "--enrolment-token-file", "f"], { TARTFLEET_ENROLMENT_TOKEN: "secret" }),
  ).toMatchObject({ mistakes: [expect.stringContaining("not both")] });
});

test("a host's name is made from any hostname", () => {
  expect(["Annas-Mac-mini.local", "mac_1", "-x-", "ÄÖ", "", "a".repeat(80)].map(nameFrom)).toEqual([
    "annas-mac-mini",
    "mac-1",
    "x",
    "host",
    "host",
    "a".repeat(63),
  ]);
});

test("the help names every command", () => {
  const help = read(["--help"]);
  for (const { word, about } of COMMANDS) {
    expect(help).toMatchObject({ text: expect.stringMatching(new RegExp(`^  ${word} +${about}$`, "m")) });
  }
});
