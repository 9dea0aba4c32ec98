import { expect, test } from "vitest";
import { SCENARIOS } from "../../src/demo/scenarios/index.ts";
import { playDemo } from "../support/play-demo.ts";

test.each(Object.keys(SCENARIOS))("the demo's scenario %s shows what it says", async (name) => {
  const { stdout, stderr, exitCode } = await playDemo("--scenario", name, "--json");
  expect(JSON.parse(stdout), stderr).toMatchObject({ ok: true, scenario: name, leftovers: [] });
  expect(exitCode).toBe(0);
});

test("a scenario that there is not is refused with those that there are", async () => {
  const { stderr, exitCode } = await playDemo("--scenario", "magic");
  expect(exitCode).not.toBe(0);
  for (const name of Object.keys(SCENARIOS)) expect(stderr).toContain(name);
});
