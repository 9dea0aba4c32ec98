import { launchdProblems, plistText } from "@tartfleet/launchd";
import { expect, test } from "vitest";
import { jobPath, JOBS } from "../src/launchd/jobs.ts";

test.each(JOBS)("$label keeps the rules", (job) => {
  expect(launchdProblems(jobPath(job), plistText(job))).toEqual([]);
});
