export type { GitlabJob } from "./job.ts";
export { jobToken } from "./job.ts";
export { startGitlabJob, type JobResult, type RunnerOptions, type RunningJob } from "./runner.ts";
export type { Execute, Execution } from "./spawn.ts";
