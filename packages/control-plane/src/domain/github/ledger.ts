/** What is known of a job: `waiting` for a runner, `running` on one, `done` whatever became of it. */
export const GITHUB_JOB_STATES = ["waiting", "running", "done"] as const;
export type GithubJobState = (typeof GITHUB_JOB_STATES)[number];

/** A job that GitHub told of. Times are milliseconds since 1970. */
export interface GithubJob {
  /** The runner definition that it is for. */
  definition: string;
  /** GitHub's id of it: a number of REST and webhooks, or the plan's GUID of scale sets. */
  jobId: string;
  state: GithubJobState;
  name: string;
  /** `owner/name` */
  repository: string;
  runId: string;
  /** null: not told. */
  runAttempt: string | null;
  runnerName: string | null;
  /** When it was first heard of, and when its state changed. */
  firstAt: number;
  changedAt: number;
}

/** A message about a job. */
export type JobNews = Pick<
  GithubJob,
  "definition" | "jobId" | "state" | "name" | "repository" | "runId" | "runAttempt" | "runnerName"
>;

const RANK: Record<GithubJobState, number> = { waiting: 0, running: 1, done: 2 };

/**
 * A job as it is after the news, which may come twice and in any order: states go forward alone, and what was once
 * known of the runner stays known.
 *
 * @returns undefined when it was known
 */
export function learn(known: GithubJob | undefined, news: JobNews, now: number): GithubJob | undefined {
  if (!known) return { ...news, firstAt: now, changedAt: now };
  const isForward = RANK[news.state] > RANK[known.state];
  const runnerName = known.runnerName ?? news.runnerName;
  const runAttempt = known.runAttempt ?? news.runAttempt;
  if (!isForward && runnerName === known.runnerName && runAttempt === known.runAttempt) return undefined;
  return {
    ...known,
    runnerName,
    runAttempt,
    ...(isForward ? { state: news.state, changedAt: now } : {}),
  };
}
