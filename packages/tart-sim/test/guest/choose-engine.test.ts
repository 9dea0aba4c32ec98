import { expect, test } from "vitest";
import { bwrapIsMissing } from "../../src/guest/bwrap-engine.ts";
import { chooseEngine } from "../../src/guest/choose-engine.ts";

const bare = { PATH: "/nonexistent" };
const here = { PATH: process.env["PATH"] };
const bwrapWorks = (await bwrapIsMissing(here)) === undefined;

test("a machine with nothing but node gets plain processes", async () => {
  expect((await chooseEngine(bare)).kind).toBe("process");
});

test.skipIf(!bwrapWorks)("a machine with bubblewrap and sshd gets namespaces", async () => {
  expect((await chooseEngine(here)).kind).toBe("bwrap");
});

test("TART_SIM_ENGINE forces one, or says what is missing", async () => {
  expect((await chooseEngine({ ...here, TART_SIM_ENGINE: "process" })).kind).toBe("process");
  await expect(chooseEngine({ ...bare, TART_SIM_ENGINE: "bwrap" })).rejects.toThrow(
    "TART_SIM_ENGINE=bwrap cannot work here: bwrap (package bubblewrap) is not installed",
  );
  await expect(chooseEngine({ ...bare, TART_SIM_ENGINE: "netns" })).rejects.toThrow(/netns cannot work here/);
  await expect(chooseEngine({ ...here, TART_SIM_ENGINE: "vm" })).rejects.toThrow(
    'TART_SIM_ENGINE is "vm"; it should be process, bwrap or netns',
  );
});
