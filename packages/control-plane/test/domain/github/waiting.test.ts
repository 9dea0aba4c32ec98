import { expect, test } from "vitest";
import { waitingJobs } from "../../../src/domain/github/waiting.ts";

test("the ledger counts where the service's statistics say 0, and the statistics where a message was lost", () => {
  expect(waitingJobs(1, { totalAssignedJobs: 0, totalRunningJobs: 0 })).toBe(1);
  expect(waitingJobs(0, { totalAssignedJobs: 3, totalRunningJobs: 1 })).toBe(2);
  expect(waitingJobs(0, undefined)).toBe(0);
});
