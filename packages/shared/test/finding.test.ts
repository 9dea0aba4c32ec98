import { expect, test } from "vitest";
import { findingSchema, hostFactsSchema, worstFirst, type Finding } from "../src/index.ts";

const FACTS = {
  agentVersion: "0.1.0",
  tartVersion: "2.40.1",
  osVersion: "26.1",
  arch: "arm64",
  cpu: 12,
  memoryMiB: 32_768,
  diskTotalGiB: 500,
  diskFreeGiB: 300,
  labels: {},
  images: [],
  foreign: [],
  phantomSlots: 0,
};
const finding = (state: Finding["state"], code = "disk"): Finding => ({
  code,
  state,
  message: "It is so.",
  cure: null,
});

test("facts are whole without findings, and their number is bounded", () => {
  expect(hostFactsSchema.parse(FACTS)).toEqual(FACTS);
  const many = (length: number) => ({ ...FACTS, findings: Array.from({ length }, () => finding("ok")) });
  expect(hostFactsSchema.safeParse(many(64)).success).toBe(true);
  expect(hostFactsSchema.safeParse(many(65)).success).toBe(false);
});

test("a state that only a newer agent knows is unknown", () => {
  expect(findingSchema.parse({ ...finding("ok"), state: "on fire" }).state).toBe("unknown");
});

test("the worst comes first, and the order is kept among equals", () => {
  const states = ["ok", "unknown", "error", "warning", "error"] as const;
  const found = states.map((state, at) => finding(state, String(at)));
  expect(worstFirst(found).map(({ state, code }) => state + code)).toEqual([
    "error2",
    "error4",
    "warning3",
    "unknown1",
    "ok0",
  ]);
});
