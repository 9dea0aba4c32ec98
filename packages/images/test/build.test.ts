import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { build } from "../src/build.ts";
import type { Step } from "../src/plan.ts";
import { contextOf, scratch } from "./support.ts";

const step = (name: Step["name"], ...argv: string[]): Step => ({
  name,
  makes: `tahoe-${name}`,
  commands: [argv],
  limitMinutes: 1,
});

test("steps run one after the other, with Screen Sharing kept shut", async () => {
  await using own = await scratch();
  await own.program("packer", `echo "$CI $*" >>${own.dir}/log`);
  const context = contextOf({ env: { PATH: own.path } });
  await build([step("vanilla", "packer", "build", "a b"), step("base", "packer", "build", "c")], context);
  expect(await readFile(join(own.dir, "log"), "utf8")).toBe("true build a b\ntrue build c\n");
  expect(context.said).toContain("$ packer build 'a b'");
});

test("after a step that fails nothing is built, and it says how to go on", async () => {
  await using own = await scratch();
  await own.program("packer", `echo "$*" >>${own.dir}/log; exit 3`);
  const context = contextOf({ env: { PATH: own.path } });
  const plan = [step("vanilla", "packer", "1"), step("base", "packer", "2")];
  await expect(build(plan, context)).rejects.toMatchObject({
    code: "step_failed",
    message: "vanilla failed: packer ended with 3",
    advice: expect.stringContaining("--from vanilla"),
  });
  expect(await readFile(join(own.dir, "log"), "utf8")).toBe("1\n");
});

test("what waits for the screen without end is stopped", async () => {
  const built = build([step("vanilla", "sleep", "600")], contextOf({}), { limitMinutes: 1 / 600 });
  await expect(built).rejects.toMatchObject({ code: "timed_out" });
});

test("it is stopped, by a person too, in a way that lets packer clean up", async () => {
  await using own = await scratch();
  await own.program(
    "packer",
    `trap 'echo cleaned >${own.dir}/log; exit 1' INT; touch ${own.dir}/waits; while :; do sleep 0.05; done`,
  );
  const stop = new AbortController();
  const context = contextOf({ env: { PATH: own.path }, signal: stop.signal });
  const built = build([step("vanilla", "packer")], context);
  await Promise.all([
    expect(built).rejects.toMatchObject({
      code: "step_failed",
      message: expect.stringContaining("was stopped"),
    }),
    expect
      .poll(() => existsSync(join(own.dir, "waits")), { timeout: 100_000 })
      .toBe(true)
      .then(() => stop.abort()),
  ]);
  expect(await readFile(join(own.dir, "log"), "utf8")).toBe("cleaned\n");
});

test("without packer it says how to get it", async () => {
  const built = build([step("vanilla", "packer")], contextOf({ env: { PATH: "/nowhere" } }));
  await expect(built).rejects.toMatchObject({
    code: "program_missing",
    advice: expect.stringContaining("brew install"),
  });
});

test("nothing is built but on a Mac", async () => {
  const built = build([step("vanilla", "true")], contextOf({ platform: "linux" }));
  await expect(built).rejects.toMatchObject({ code: "not_a_mac" });
});
