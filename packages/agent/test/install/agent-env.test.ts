import * as fc from "fast-check";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { readSettings } from "../../src/config/read-settings.ts";
import { agentEnv } from "../../src/install/agent-env.ts";
import { withoutHostFacts } from "../../src/install/options.ts";

const path = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !text.includes("\0"));

test("the agent reads from its file what was asked for, whatever is in a path", () => {
  const given = fc.record({
    tartHome: path,
    caFile: path,
    cpu: fc.integer({ min: 1, max: 99 }).map(String),
    insecure: fc.constantFrom("1", "0"),
  });
  fc.assert(
    fc.property(given, ({ tartHome, caFile, cpu, insecure }) => {
      const flags = {
        "--url": "https://a.example",
        "--tart-home": tartHome,
        "--ca-file": caFile,
        "--cpu": cpu,
        "--label": "a=b,c=d",
      };
      const argv = Object.entries(flags).map(([flag, value]) => `${flag}=${value}`);
      const asked = readSettings(argv, { TARTFLEET_INSECURE: insecure }, "1");
      if (asked.kind !== "settings") return;
      const text = agentEnv(asked.settings);
      if (text === undefined) expect(`${tartHome}${caFile}`).toMatch(/[\n\r'"`]/);
      else expect(readSettings([], parseEnv(text), "1")).toEqual(asked);
    }),
    { numRuns: 300 },
  );
});

test("what the boot says of this host is not taken for what was asked for", () => {
  const env = {
    PATH: "/bin",
    TARTFLEET_URL: "https://a",
    TARTFLEET_NAME: "mac-i-1",
    TARTFLEET_LABEL: "a=b",
    TARTFLEET_CPU: "4",
  };
  const own = withoutHostFacts(
    env,
    "TARTFLEET_URL=https://a\nTARTFLEET_LABEL=c=d\n",
    "TARTFLEET_NAME=mac-i-1\nTARTFLEET_LABEL=a=b\nTARTFLEET_CPU=8\n",
  );
  expect(own).toEqual({ ...env, TARTFLEET_NAME: undefined, TARTFLEET_LABEL: "c=d" });
});
