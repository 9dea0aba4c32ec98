import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { SCENARIOS } from "../../src/demo/scenarios/index.ts";

const MAIN = fileURLToPath(new URL("../../src/demo/main.ts", import.meta.url));
const demo = (...args: string[]) => execa(process.execPath, [MAIN, ...args], { reject: false });

test.each(Object.keys(SCENARIOS))("the demo's scenario %s shows what it says", async (name) => {
  const { stdout, stderr, exitCode } = await demo("--scenario", name, "--json");
  const document: unknown = JSON.parse(stdout);
  expect(document, stderr).toMatchObject({ ok: true, scenario: name, leftovers: [] });
  expect(exitCode).toBe(0);
});

test("a scenario that there is not is refused with those that there are", async () => {
  const { stderr, exitCode } = await demo("--scenario", "magic");
  expect(exitCode).not.toBe(0);
  for (const name of Object.keys(SCENARIOS)) expect(stderr).toContain(name);
});
