import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readChoice } from "../src/choice.ts";
import { IMAGES_FOLDER } from "../src/folder.ts";
import { LAYERS, planSteps, stepsFrom } from "../src/plan.ts";
import { contextOf } from "./support.ts";

const context = contextOf({ env: { HOME: "/Users/me" } });
const steps = async (flags: object) =>
  planSteps(await readChoice({ release: "tahoe", var: {}, ...flags }, context));
const chain = (plan: Awaited<ReturnType<typeof steps>>) =>
  plan.map(({ name, from, makes }) => [name, from, makes]);

test("without Xcode runners come onto the base", async () => {
  expect(chain(await steps({})).slice(2)).toEqual([
    ["vanilla", undefined, "tahoe-vanilla"],
    ["base", "tahoe-vanilla", "tahoe-base"],
    ["runner", "tahoe-base", "tahoe-runner"],
  ]);
});

test("with Xcode and without System Integrity Protection there are two layers more", async () => {
  const plan = await steps({ xcode: "26.4", xip: "/tmp/Xcode_26.4.xip", var: { sip: "off" } });
  expect(chain(plan).slice(2)).toEqual([
    ["vanilla", undefined, "tahoe-vanilla"],
    ["sip", "tahoe-vanilla", "tahoe-sip-off"],
    ["base", "tahoe-sip-off", "tahoe-base"],
    ["xcode", "tahoe-base", "tahoe-xcode-26.4"],
    ["runner", "tahoe-xcode-26.4", "tahoe-xcode-26.4-runner"],
  ]);
});

test("the restore image is fetched and, where its sum is known, checked first", async () => {
  const [image] = await steps({ release: "golden-gate" });
  expect(image?.makes).toBe(
    "/Users/me/Library/Caches/tartfleet/restore-images/UniversalMac_27.0_26A428_Restore.ipsw",
  );
  expect(image?.commands[1]).toContain("2a5d3c695d501022b7fad9adaffcf2627bcb867d993fb5662dcd41bac99a2836");
});

test.each(LAYERS)("the template of %s has the name that packer is given", async (layer) => {
  const template = await readFile(join(IMAGES_FOLDER, `${layer}.pkr.hcl`), "utf8");
  expect(template).toContain(`name    = "${layer}"`);
  expect(template).toContain(`source "tart-cli" "${layer}"`);
});

test("a plan can be begun in its midst", async () => {
  const plan = await steps({});
  expect(stepsFrom(plan, "base").map(({ name }) => name)).toEqual(["base", "runner"]);
  expect(() => stepsFrom(plan, "xcode")).toThrow("There is no step xcode");
});

test.each([
  [{ release: "lion" }, "There is no release lion"],
  [{ xcode: "26.4" }, "belong together"],
  [{ var: { disk_size: "100" } }, "disk_size cannot be set"],
  [{ var: { vm_name: "mine" } }, "vm_name cannot be set"],
  [{ var: { sip: "perhaps" } }, "sip cannot be set to that"],
])("%o cannot be chosen", async (flags, message) => {
  await expect(steps(flags)).rejects.toThrow(message);
});
