import type { AttemptRecord, ImagePlanRecord, ImageRecord } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { evidenceOf } from "../src/channels/evidence.ts";
import { concernsOf } from "../src/images/concerns.ts";
import { planPercent, planText } from "../src/images/plan-words.ts";
import { secondsToComeUp, slownessOf } from "../src/images/slowness.ts";
import { labelsIn } from "../src/parts/labels.ts";
import { bytesText, labelTexts, progressText } from "../src/parts/text.ts";

type Times = ImageRecord["times"];

const time = (phase: Times[number]["phase"], p50Seconds: number, count = 20): Times[number] => ({
  phase,
  p50Seconds,
  p95Seconds: p50Seconds * 1.2,
  count,
});

function anImage(reference: string, parts: Partial<ImageRecord> = {}): ImageRecord {
  return { reference, hosts: 1, sizeGiB: 20, digests: [], pulling: [], times: [], isMixed: false, ...parts };
}

test("a slow image is told from the others, by the phase that costs most", () => {
  const usual = ["a", "b", "c"].map((name) =>
    anImage(name, { times: [time("cloning", 3), time("booting", 40)] }),
  );
  const slow = anImage("x/slow:1", { times: [time("cloning", 12), time("booting", 125)] });
  const all = [...usual, slow];
  expect(slownessOf(slow, all)).toEqual({ phase: "booting", seconds: 125, usualSeconds: 40 });
  for (const image of usual) expect(slownessOf(image, all)).toBeNull();
  expect(concernsOf(all)?.concerns.map(({ text }) => text)).toEqual([
    "slow:1 is slow: booting takes 2m 5s, with the other images 40s",
  ]);
});

test("an image alone, a few VMs, and a few seconds make none slow", () => {
  const slow = anImage("slow", { times: [time("booting", 125)] });
  expect(slownessOf(slow, [slow])).toBeNull();
  expect(slownessOf(slow, [slow, anImage("a", { times: [time("booting", 40, 2)] })])).toBeNull();
  const few = anImage("few", { times: [time("booting", 125, 2)] });
  expect(slownessOf(few, [few, anImage("a", { times: [time("booting", 40)] })])).toBeNull();
  const hardly = anImage("hardly", { times: [time("provisioning", 4)] });
  expect(slownessOf(hardly, [hardly, anImage("a", { times: [time("provisioning", 1)] })])).toBeNull();
});

test("never are all images slow", () => {
  const some = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(some, (seconds) => {
      const all = seconds.map((each, at) => anImage(`i${at}`, { times: [time("booting", each)] }));
      expect(all.filter((image) => slownessOf(image, all)).length).toBeLessThan(all.length);
    }),
  );
});

test("that a tag was moved is something to look at", () => {
  expect(concernsOf([anImage("a")])).toBeNull();
  expect(concernsOf([anImage("x/a:1", { isMixed: true })])).toMatchObject({
    state: "watch",
    concerns: [{ href: "/images/x%2Fa%3A1", text: expect.stringMatching(/^a:1 is not the same/) }],
  });
  expect(secondsToComeUp([time("cloning", 2), time("booting", 40)])).toBe(42);
});

test("evidence counts an attempt once, by what was told of it last, and from its time on", () => {
  const attempt = (parts: Partial<AttemptRecord>): AttemptRecord => ({
    at: "2026-03-01T12:00:00.000Z",
    vmId: "a",
    attempt: 1,
    host: "mac-1",
    image: "i",
    phase: "booting",
    verdict: "ready",
    ...parts,
  });
  const newestFirst = [
    attempt({ at: "2026-03-01T13:00:00.000Z", phase: "run", verdict: "instance_lost" }),
    attempt({}),
    attempt({ attempt: 2, verdict: "ready" }),
    attempt({ vmId: "b", at: "2026-03-01T11:00:00.000Z", verdict: "guest_unreachable" }),
  ];
  expect(evidenceOf(newestFirst, [time("booting", 10)])).toEqual({ attempts: 3, failed: 2, bootP95: 12 });
  expect(evidenceOf(newestFirst, [], "2026-03-01T12:00:00.000Z")).toEqual({
    attempts: 2,
    failed: 1,
    bootP95: null,
  });
});

test("a plan says how far it is by bytes where they are known, else by hosts", () => {
  const progress = {
    hosts: 4,
    there: 1,
    pulling: 2,
    waiting: 1,
    failed: 0,
    away: 1,
    bytes: null,
    totalBytes: null,
    pulls: [],
    problems: [],
  };
  const plan = { outcome: null, why: null, progress } as unknown as ImagePlanRecord;
  expect(planText(plan)).toBe("1 of 4 hosts has it, 2 fetch it, 1 waits, 1 away");
  expect(planPercent(plan)).toBe(25);
  const moving = { ...plan, progress: { ...progress, bytes: 5e10, totalBytes: 1e11 } };
  expect(planText(moving)).toMatch(/; 50.0 GB of 100.0 GB$/);
  expect(planPercent(moving)).toBe(50);
  expect(planPercent({ ...plan, progress: { ...progress, hosts: 0, there: 0 } })).toBe(100);
  expect(planText({ ...plan, outcome: "done", why: "All 4 hosts have it.", progress: null })).toBe(
    "done: All 4 hosts have it.",
  );
});

test("labels are read as they are written", () => {
  const key = fc.stringMatching(/^[a-z]{1,6}$/);
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.stringMatching(/^[a-z0-9=]{0,6}$/), { noNullPrototype: true }),
      (labels) => {
        expect(labelsIn(labelTexts(labels))).toEqual(labels);
      },
    ),
  );
  expect(labelsIn(["rack"])).toBeUndefined();
  expect(labelsIn(["=a"])).toBeUndefined();
});

test("bytes are counted in thousands, as registries do", () => {
  expect([0, 999, 1000, 25_400_000_000].map(bytesText)).toEqual(["0 B", "999 B", "1.0 kB", "25.4 GB"]);
  expect(progressText(1000, null)).toBeUndefined();
});
