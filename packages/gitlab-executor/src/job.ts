import { readFileSync } from "node:fs";
import { z } from "zod";
import { StageFailure } from "./failure.ts";

/** What GitLab itself said of the job. Variables are left alone, which a job can set to another job's. */
const responseSchema = z.object({
  id: z.int().positive(),
  runner_info: z.object({ timeout: z.number().nonnegative() }).optional(),
  image: z.object({ name: z.string() }).nullish(),
  git_info: z.object({ repo_url: z.url() }),
  job_info: z.object({ project_id: z.int() }).optional(),
});

export interface Job {
  id: string;
  /** Of GitLab, like gitlab.example.com; ids are unique there. */
  host: string;
  project: string | undefined;
  /** As `image:` says; gitlab-runner has replaced variables in it. */
  image: string | undefined;
  /** For all of the job; 0 or undefined: not known. */
  timeoutSeconds: number | undefined;
}

/** @throws StageFailure when this is not how gitlab-runner calls */
export function readJob(env: NodeJS.ProcessEnv): Job {
  const path = env["JOB_RESPONSE_FILE"];
  if (path === undefined || path === "") {
    throw new StageFailure(
      "ours",
      "JOB_RESPONSE_FILE is not set: this is for gitlab-runner to call, and it must be new enough to set that",
    );
  }
  const response = responseSchema.safeParse(parsed(path));
  // Of what is in the file, nothing is said: it holds the job's token.
  if (!response.success) throw new StageFailure("ours", `${path} is not a job as GitLab sends it`);
  const { id, image, git_info, job_info, runner_info } = response.data;
  return {
    id: String(id),
    host: new URL(git_info.repo_url).host,
    project: job_info === undefined ? undefined : String(job_info.project_id),
    // A job without image: has one without a name.
    image: image?.name || undefined,
    timeoutSeconds: runner_info?.timeout,
  };
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
