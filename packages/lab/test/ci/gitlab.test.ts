import { expect, test } from "vitest";
import { gitlabRunner, vmsOfJob } from "../support/gitlab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab();

test("a job runs in a VM of its own, stage after stage, and its exit code is GitLab's", async () => {
  const job = gitlabRunner(lab)({
    id: 1,
    script: ["echo built in $CI_PROJECT_ID", "echo $SECRET | wc -c", "exit 3"],
    afterScript: ["echo after"],
    variables: { SECRET: "hunter2" },
  });
  const result = await job.done;
  expect(result, result.trace).toMatchObject({ status: "failed", reason: "script_failure", exitCode: 3 });
  expect(result.calls).toEqual([
    "config",
    "prepare",
    "prepare_script",
    "get_sources",
    "build_script",
    "after_script",
    "cleanup_file_variables",
    "cleanup",
  ]);
  expect(result.trace).toMatch(
    /Custom executor with driver tartfleet v.*ready:.*built in 4711\n *8\n.*after\n/s,
  );
  expect(result.trace).toContain("ERROR: Job failed: exit status 3");
  const [vm] = await vmsOfJob(lab, 1);
  expect(vm).toMatchObject({ labels: { "gitlab.host": "gitlab.example.com" }, end: { reason: "client" } });
});

test("an image that is not allowed is the job's fault: no VM, and no second try", async () => {
  const result = await gitlabRunner(lab)({ id: 2, image: "ghcr.io/other/macos:15", script: ["true"] }).done;
  expect(result).toMatchObject({ status: "failed", reason: "script_failure" });
  expect(result.calls).toEqual(["config", "prepare", "cleanup"]);
  expect(result.trace).toContain("This runner has registry.example.com/macos/*.");
  expect(await vmsOfJob(lab, 2)).toEqual([]);
});
