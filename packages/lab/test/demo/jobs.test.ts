import { expect, test } from "vitest";
import { planJobs } from "../../src/demo/jobs.ts";

test("a seed decides the jobs", () => {
  expect(planJobs(10, "7")).toEqual(planJobs(10, "7"));
  expect(planJobs(10, "7")).not.toEqual(planJobs(10, "8"));
});

test("jobs take 2 to 5 s, have names of their own, and one or two of them fail", () => {
  for (const seed of ["1", "2", "a seed with spaces"]) {
    for (const count of [1, 2, 5, 40]) {
      const jobs = planJobs(count, seed);
      expect(jobs.every(({ seconds }) => seconds >= 2 && seconds <= 5)).toBe(true);
      expect(new Set(jobs.map(({ jobId }) => jobId)).size).toBe(count);
      expect(new Set(jobs.map(({ vmName }) => vmName)).size).toBe(count);
      const failing = jobs.filter(({ fails }) => fails).length;
      expect(failing).toBe(count < 2 ? 0 : count < 4 ? 1 : 2);
    }
  }
});
