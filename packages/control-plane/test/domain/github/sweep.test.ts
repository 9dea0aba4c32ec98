import { expect, test } from "vitest";
import { isOverdue } from "../../../src/domain/github/overdue.ts";
import { offerFor } from "../../../src/domain/github/match.ts";
import { definitionOfRunner, runnerName, vmOfRunner } from "../../../src/domain/github/runner-name.ts";
import { makeSightings } from "../../../src/domain/github/sweep.ts";

test("what is seen once is nothing yet, and what was away in between is seen for the first time again", () => {
  const sightings = makeSightings();
  expect(sightings.again(["a"])).toEqual(new Set());
  expect(sightings.again(["a", "b"])).toEqual(new Set(["a"]));
  expect(sightings.again(["b"])).toEqual(new Set(["b"]));
  expect(sightings.again(["a"])).toEqual(new Set());
});

test("a runner's name says whose it is, and names of others say nothing", () => {
  const name = runnerName("macos-15", { id: "0123456789abcdef", attempt: 2 }, "x1y2");
  expect(name.length).toBeLessThanOrEqual(64);
  expect([vmOfRunner(name), definitionOfRunner(name)]).toEqual(["0123456789abcdef", "macos-15"]);
  expect(
    runnerName("x".repeat(32), { id: "0123456789abcdef", attempt: 100 }, "x1y2").length,
  ).toBeLessThanOrEqual(64);
  expect([vmOfRunner("a-persons-mac"), vmOfRunner(null), definitionOfRunner("")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("GitHub is asked about a job 90 s after its hook, or after its own word that the job is over", () => {
  const draining = { state: "draining" as const, stateSince: 0, announced: "job_hook" as const };
  expect(isOverdue(draining, undefined, 89_999)).toBe(false);
  expect(isOverdue(draining, undefined, 90_000)).toBe(true);
  expect(isOverdue({ ...draining, announced: "runner_exited" }, 0, 90_000)).toBe(false);
  const ready = { state: "ready" as const, stateSince: 0, announced: null };
  expect(isOverdue(ready, undefined, 1e9)).toBe(false);
  expect(isOverdue(ready, 0, 90_000)).toBe(true);
});

test("a job is for the offer that has all its labels and the fewest others, where its repository may use it", () => {
  const offers = [
    { name: "big", labels: ["self-hosted", "ios", "big"], scope: { organization: "acme" } },
    { name: "small", labels: ["self-hosted", "ios"], scope: { organization: "acme" } },
    { name: "own", labels: ["ios"], scope: { repository: "acme/app" } },
  ];
  const of = (repository: string, ...labels: string[]) => offerFor(offers, { repository, labels })?.name;
  expect(of("acme/app", "ios")).toBe("own");
  expect(of("acme/site", "iOS")).toBe("small");
  expect(of("Acme/site", "ios", "big")).toBe("big");
  expect(of("acme/site", "linux")).toBeUndefined();
  expect(of("acme/site")).toBeUndefined();
  expect(of("acmeville/site", "ios")).toBeUndefined();
});
