import { fileURLToPath } from "node:url";
import { startGitlabJob, type GitlabJob, type RunnerOptions } from "@tartfleet/ci-sim/gitlab";
import type { VmRecord } from "@tartfleet/shared";
import { until } from "../../src/fleet/until.ts";
import { IMAGE } from "./lab.ts";
import type { UsedLab } from "./use-lab.ts";

const MAIN = fileURLToPath(new URL("../../../gitlab-executor/src/main.ts", import.meta.url));

interface Changes extends Partial<Omit<RunnerOptions, "args">> {
  /** Of the executor, besides where its control plane is and what images there are. */
  flags?: string[];
  token?: string;
  /** Shell's words around prepare, which is `"$@"`. */
  aroundPrepare?: string;
  cleanupFlags?: string[];
}

/** A gitlab-runner with the custom executor, set up as docs/ci/gitlab.md says. */
export function gitlabRunner(lab: UsedLab, changes: Changes = {}) {
  const {
    flags = [],
    token = lab.fleet.ciToken,
    aroundPrepare = '"$@"',
    cleanupFlags = [],
    ...options
  } = changes;
  const env = { PATH: process.env["PATH"] ?? "", TARTFLEET_TOKEN: token, ...options.env };
  const config = ["--url", lab.fleet.url(), "--images", "registry.example.com/macos/*", ...flags];
  const call = (name: string, more: string[] = [], around = 'exec "$@"') => [
    "-c",
    around,
    "sh",
    process.execPath,
    MAIN,
    name,
    ...more,
  ];
  return (job: GitlabJob) =>
    startGitlabJob(
      {
        file: "/bin/sh",
        args: {
          config: call("config", config),
          prepare: call("prepare", [], aroundPrepare),
          run: call("run"),
          cleanup: call("cleanup", cleanupFlags),
        },
        retryMs: 50,
        ...options,
        env,
      },
      { image: IMAGE, ...job },
    );
}

/** The VMs that a job had, oldest first. */
export async function vmsOfJob({ fleet }: UsedLab, id: number): Promise<VmRecord[]> {
  const vms = await fleet.api.listVms({ jobId: String(id) });
  return Promise.all(vms.toReversed().map((vm) => fleet.api.getVm(vm.id)));
}

/** Waits until a job's VMs are gone; how each ended. */
export async function endsOf({ fleet }: UsedLab, id: number): Promise<(string | undefined)[]> {
  return until(`the VMs of job ${id} to be gone`, async () => {
    const vms = await fleet.api.listVms({ jobId: String(id) });
    if (vms.some(({ endedAt }) => endedAt === null)) return undefined;
    return vms.toReversed().map(({ end }) => end?.reason);
  });
}
