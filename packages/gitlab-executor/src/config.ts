import type { Job } from "./job.ts";
import { asVariables, type Settings } from "./settings.ts";

/**
 * What gitlab-runner asks for before a job (api.ConfigExecOutput of its custom executor). `job_env` goes to the other
 * stages, never to the job.
 */
export function configDocument(
  { id }: Job,
  { buildsDir, cacheDir }: Settings,
  argv: readonly string[],
  version: string,
) {
  return {
    driver: { name: "tartfleet", version: `v${version}` },
    hostname: `gitlab-job-${id}`,
    builds_dir: buildsDir,
    cache_dir: cacheDir,
    builds_dir_is_shared: false,
    shell: "bash",
    job_env: asVariables(argv),
  };
}
