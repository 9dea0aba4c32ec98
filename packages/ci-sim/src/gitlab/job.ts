/** A job as GitLab hands it to gitlab-runner, as far as a custom executor can see it. */
export interface GitlabJob {
  id: number;
  /** `image:` of the job, as it is after gitlab-runner has replaced variables in it. */
  image?: string;
  /** Lines of `script:`. */
  script: readonly string[];
  afterScript?: readonly string[];
  /** Whether it has `artifacts:`; without them the stages that upload some are left out. */
  artifacts?: boolean;
  variables?: Readonly<Record<string, string>>;
  /** Default 3600. */
  timeoutSeconds?: number;
}

/** Of the job; what a custom executor's environment is full of. */
export const jobToken = (id: number) => `glcbt-64_secret-of-job-${id}`;

const HOST = "gitlab.example.com";
const PROJECT = "org/app";

/**
 * The job as GitLab sends it, which the executable finds in JOB_RESPONSE_FILE (spec.Job): Go writes every field that has no
 * omitempty, so that a job without `image:` has one whose name is empty.
 */
export function jobResponse(job: GitlabJob) {
  const { id, image = "", script, afterScript, artifacts, variables = {}, timeoutSeconds = 3600 } = job;
  const token = jobToken(id);
  const step = (name: string, lines: readonly string[], when: string) => ({
    name,
    script: lines,
    timeout: timeoutSeconds,
    when,
    allow_failure: when === "always",
  });
  return {
    id,
    token,
    allow_git_fetch: true,
    job_info: {
      name: "build",
      stage: "test",
      pipeline_id: 12,
      project_id: 4711,
      project_name: "app",
      project_full_path: PROJECT,
    },
    git_info: {
      repo_url: `https://gitlab-ci-token:${token}@${HOST}/${PROJECT}.git`,
      repo_object_format: "sha1",
      ref: "main",
      sha: "0123456789abcdef0123456789abcdef01234567",
      before_sha: "0000000000000000000000000000000000000000",
      ref_type: "branch",
      refspecs: ["+refs/heads/main:refs/remotes/origin/main"],
      depth: 20,
      protected: null,
    },
    runner_info: { uuid: "", timeout: timeoutSeconds },
    inputs: null,
    variables: Object.entries(variables).map(([key, value]) => ({
      key,
      value,
      public: false,
      file: false,
      masked: false,
      raw: false,
    })),
    steps: [
      step("script", script, "on_success"),
      ...(afterScript ? [step("after_script", afterScript, "always")] : []),
    ],
    image: { name: image, executor_opts: {} },
    services: null,
    artifacts: artifacts ? [{ name: "", paths: ["build"], when: "always" }] : null,
    cache: null,
    credentials: null,
    dependencies: null,
    features: { trace_sections: true },
    policy_options: {},
    suspend_options: {},
  };
}

/** What is known of the job's folders after config and StartBuild. */
export interface Folders {
  builds: string;
}

/**
 * The job's variables (Build.GetAllVariables): gitlab-runner's own come before the job's, which win, but for those that are
 * added after them.
 */
export function jobVariables(
  job: GitlabJob,
  { builds }: Folders,
  status = "running",
): Record<string, string> {
  const { id, image, variables = {}, timeoutSeconds = 3600 } = job;
  const project = builds === "" ? "" : `${builds}/${PROJECT}`;
  return {
    ...(image === undefined ? {} : { CI_JOB_IMAGE: image }),
    CI_BUILDS_DIR: builds,
    CI_PROJECT_DIR: project,
    CI_CONCURRENT_ID: "0",
    CI_CONCURRENT_PROJECT_ID: "0",
    CI_SERVER: "yes",
    CI_JOB_STATUS: status,
    CI_JOB_TIMEOUT: String(timeoutSeconds),
    // Those that GitLab predefines.
    CI: "true",
    GITLAB_CI: "true",
    CI_JOB_ID: String(id),
    CI_JOB_TOKEN: jobToken(id),
    CI_JOB_NAME: "build",
    CI_PROJECT_ID: "4711",
    CI_PROJECT_PATH: PROJECT,
    CI_SERVER_URL: `https://${HOST}`,
    ...variables,
    // The custom executor's features say that its environment is shared (NewProvider).
    CI_SHARED_ENVIRONMENT: "true",
    RUNNER_TEMP_PROJECT_DIR: project === "" ? ".tmp" : `${project}.tmp`,
    CI_JOB_SERVICES: "",
  };
}
