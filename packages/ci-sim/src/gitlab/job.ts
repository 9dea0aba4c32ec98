/** A job as GitLab hands it to gitlab-runner, as far as a custom executor can see it. */
export interface GitlabJob {
  id: number;
  /** `image:` of the job. */
  image?: string;
  /** Lines of `script:`. */
  script: readonly string[];
  afterScript?: readonly string[];
  variables?: Readonly<Record<string, string>>;
  /** Default 3600. */
  timeoutSeconds?: number;
}

/** Of the job; what a custom executor's environment is full of. */
export const jobToken = (id: number) => `glcbt-64_secret-of-job-${id}`;

const HOST = "gitlab.example.com";

/** common.JobResponse, which the executable finds in JOB_RESPONSE_FILE. */
export function jobResponse({ id, image, variables = {}, timeoutSeconds = 3600 }: GitlabJob) {
  const token = jobToken(id);
  return {
    id,
    token,
    allow_git_fetch: true,
    job_info: { name: "build", stage: "test", project_id: 4711, project_name: "app" },
    git_info: {
      repo_url: `https://gitlab-ci-token:${token}@${HOST}/org/app.git`,
      ref: "main",
      sha: "0123456789abcdef0123456789abcdef01234567",
    },
    runner_info: { timeout: timeoutSeconds },
    variables: Object.entries(variables).map(([key, value]) => ({ key, value, public: false })),
    ...(image === undefined ? {} : { image: { name: image } }),
    services: [],
    features: { trace_sections: true },
  };
}

/** The job's variables: predefined ones, and over them its own. */
export function jobVariables(job: GitlabJob): Record<string, string> {
  const { id, image, variables = {}, timeoutSeconds = 3600 } = job;
  return {
    CI: "true",
    CI_JOB_ID: String(id),
    CI_JOB_TOKEN: jobToken(id),
    CI_JOB_TIMEOUT: String(timeoutSeconds),
    CI_PROJECT_ID: "4711",
    CI_SERVER_URL: `https://${HOST}`,
    ...(image === undefined ? {} : { CI_JOB_IMAGE: image }),
    CI_JOB_SERVICES: "",
    ...variables,
  };
}
