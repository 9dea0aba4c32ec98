import * as fc from "fast-check";
import { expect, test } from "vitest";
import { GITHUB_JOB_STATES, learn, type GithubJob, type JobNews } from "../../../src/domain/github/ledger.ts";

const news = (state: JobNews["state"]): JobNews => ({
  definition: "ios",
  jobId: "1",
  state,
  name: "build",
  repository: "acme/app",
  runId: "7",
  runAttempt: null,
  runnerName: state === "waiting" ? null : "ios-x",
});

const after = (all: readonly JobNews[]): GithubJob | undefined =>
  all.reduce<GithubJob | undefined>((job, each, at) => learn(job, each, at) ?? job, undefined);

test("whatever comes twice and in whatever order: the job is as far as the farthest message said", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...GITHUB_JOB_STATES), { minLength: 1 }), (states) => {
      const ranks = states.map((state) => GITHUB_JOB_STATES.indexOf(state));
      const job = after(states.map(news));
      expect(job?.state).toBe(GITHUB_JOB_STATES[Math.max(...ranks)]);
      expect(job?.runnerName).toBe(states.some((state) => state !== "waiting") ? "ios-x" : null);
    }),
  );
});

test("what is known already is no news", () => {
  const job = after([news("running")]);
  expect(learn(job, news("running"), 9)).toBeUndefined();
  expect(learn(job, news("waiting"), 9)).toBeUndefined();
});
