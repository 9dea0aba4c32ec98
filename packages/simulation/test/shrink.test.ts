import { expect, test } from "vitest";
import type { Plan } from "../src/plan/plan.ts";
import { shrink } from "../src/plan/shrink.ts";

const plan = (hosts: readonly number[]): Plan => ({
  hosts: 2,
  calmAt: 0,
  actions: hosts.map((host, at) => ({ at, action: { kind: "reset", host } })),
});
const hostsOf = ({ actions }: Plan) =>
  actions.map(({ action }) => (action.kind === "reset" ? action.host : 0));

test("what a failure does not need is dropped", async () => {
  const needs = async (candidate: Plan) => [13, 77].every((host) => hostsOf(candidate).includes(host));
  const shrunk = await shrink(plan(Array.from({ length: 100 }, (_, host) => host)), needs, 1000);
  expect(hostsOf(shrunk)).toEqual([13, 77]);
});

test("it stops when it has asked often enough, with a plan that still fails", async () => {
  let asked = 0;
  const fails = async (candidate: Plan) => {
    asked += 1;
    return hostsOf(candidate).includes(5);
  };
  const shrunk = await shrink(plan([1, 2, 3, 4, 5]), fails, 3);
  expect(asked).toBeLessThanOrEqual(3);
  expect(hostsOf(shrunk)).toContain(5);
});
