import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startGitlabJob, type GitlabJob } from "@tartfleet/ci-sim/gitlab";
import type { VmRecord } from "@tartfleet/shared";
import { onTestFinished } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { IMAGE } from "./lab.ts";
import type { UsedLab } from "./use-lab.ts";

const MAIN = fileURLToPath(new URL("../../../gitlab-executor/src/main.ts", import.meta.url));

/** A gitlab-runner with the custom executor, set up as docs/ci/gitlab.md says. */
export function gitlabRunner(lab: UsedLab) {
  // A guest that is no more than a process has no folders of its own but its home.
  const folder = mkdtempSync(join(tmpdir(), "gitlab-builds-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const folders = ["--builds-dir", join(folder, "builds"), "--cache-dir", join(folder, "cache")];
  const images = ["--images", "registry.example.com/macos/*"];
  return (job: GitlabJob) =>
    startGitlabJob(
      {
        file: process.execPath,
        args: {
          config: [MAIN, "config", "--url", lab.fleet.url(), ...images, ...folders],
          prepare: [MAIN, "prepare"],
          run: [MAIN, "run"],
          cleanup: [MAIN, "cleanup"],
        },
        env: { PATH: process.env["PATH"] ?? "", TARTFLEET_TOKEN: lab.fleet.ciToken },
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
