import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobToken } from "@tartfleet/ci-sim/gitlab";
import { expect, test } from "vitest";
import { endsOf, gitlabRunner, vmsOfJob } from "../support/gitlab.ts";
import { findNeedles, makeMark, needleOf } from "../support/needles.ts";
import { hostOf, letGo, scriptVm, simOf, UNTIL_LET_GO } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab();

/** Says begun, works until it is let go, and says done. */
const LONG = ["echo run >> ~/runs", "echo begun", UNTIL_LET_GO, "cat ~/runs", "echo done"];

async function atWork(id: number, job: ReturnType<ReturnType<typeof gitlabRunner>>) {
  await job.shown("begun");
  const [vm] = await vmsOfJob(lab, id);
  if (!vm) throw new Error("the job has no VM");
  return vm;
}

test("a job that is cancelled while it runs is ended in its guest, which still cleans up, and the VM goes", async () => {
  const job = gitlabRunner(lab)({
    id: 10,
    script: ["echo $$ > ~/pid", "echo begun", "sleep 300"],
    afterScript: ['if kill -0 "$(cat ~/pid)" 2>/dev/null; then echo still there; else echo gone; fi'],
  });
  await job.shown("begun");
  job.cancel();
  const result = await job.done;
  expect(result.status, result.trace).toBe("canceled");
  expect(result.trace).toMatch(/\ngone\n$/);
  expect(await endsOf(lab, 10)).toEqual(["client"]);
});

test("a job that is cancelled while it waits for a slot leaves nothing", async () => {
  const others = await Promise.all([1, 2].map(() => lab.fleet.api.createVm(scriptVm("sleep 300"))));
  const job = gitlabRunner(lab)({ id: 11, script: ["echo begun"] });
  await job.shown("queued:");
  job.cancel();
  const result = await job.done;
  expect(result).toMatchObject({ status: "canceled", calls: ["config", "prepare", "cleanup"] });
  expect(await endsOf(lab, 11)).toEqual(["client"]);
  await Promise.all(others.map(({ id }) => lab.fleet.api.deleteVm(id)));
});

test.each([
  { what: "a clean-up between gets a new VM each time", id: 12, cleansUpBetween: true, vms: 3 },
  { what: "none between finds the VM of the first", id: 13, cleansUpBetween: false, vms: 1 },
])("a prepare that is tried again with $what", async ({ id, cleansUpBetween, vms }) => {
  const dir = await mkdtemp(join(tmpdir(), "tries-"));
  const aroundPrepare = `echo >>"${dir}/tries"; "$@" || exit; [ $(wc -l <"${dir}/tries") -ge 3 ] || exit 2`;
  const result = await gitlabRunner(lab, { cleansUpBetween, aroundPrepare })({ id, script: ["echo built"] })
    .done;
  await rm(dir, { recursive: true });
  expect(result.status, result.trace).toBe("success");
  expect(await endsOf(lab, id)).toEqual(Array(vms).fill("client"));
});

test("a restart of the control plane, and one of the agent, interrupt no job, nor run it twice", async () => {
  const job = gitlabRunner(lab)({ id: 14, script: LONG });
  const vm = await atWork(14, job);
  await lab.fleet.controlPlane.kill("SIGKILL");
  await job.shown("the job goes on there");
  await lab.fleet.controlPlane.start();
  await hostOf(lab.fleet, "mac-1").agent.restart();
  await letGo(lab.fleet, vm);
  const result = await job.done;
  expect(result.status, result.trace).toBe("success");
  expect(result.trace).toMatch(/begun\n(.*\n)*run\ndone\n/);
  expect(result.trace.match(/^(begun|run|done)$/gm)).toEqual(["begun", "run", "done"]);
  expect(await endsOf(lab, 14)).toEqual(["client"]);
});

test("a guest that dies is the runner's failure, with what became of it", async () => {
  const job = gitlabRunner(lab)({ id: 15, script: LONG });
  await atWork(15, job);
  await simOf(lab.fleet, "mac-1").killAll();
  const result = await job.done;
  expect(result, result.trace).toMatchObject({ status: "failed", reason: "runner_system_failure" });
  expect(result.trace).toContain("ended:");
  expect(await endsOf(lab, 15)).toEqual(["guest_crashed"]);
});

test("a host that dies for good is the runner's failure once patience is over; the VM goes when it is back", async () => {
  const runner = gitlabRunner(lab, { flags: ["--patience-seconds", "3"] });
  const job = runner({ id: 16, script: LONG });
  await atWork(16, job);
  await hostOf(lab.fleet, "mac-1").agent.kill("SIGKILL");
  const result = await job.done;
  expect(result, result.trace).toMatchObject({ status: "failed", reason: "runner_system_failure" });
  await hostOf(lab.fleet, "mac-1").agent.start();
  expect(await endsOf(lab, 16)).toEqual(["client"]);
});

test("a token that is revoked meanwhile is said, and the VM ends by its time to live", async () => {
  const { id: tokenId, token } = await lab.fleet.api.createToken({ role: "ci", name: "short-lived" });
  const job = gitlabRunner(lab, { token, flags: ["--ttl-seconds", "20"] })({ id: 17, script: LONG });
  await atWork(17, job);
  await lab.fleet.api.revokeToken(tokenId);
  const result = await job.done;
  expect(result, result.trace).toMatchObject({ status: "failed", reason: "runner_system_failure" });
  expect(result.trace).toContain("token");
  expect(result.runnerLog).toContain("unauthenticated");
  expect(await endsOf(lab, 17)).toEqual(["ttl"]);
});

test("a clean-up while nobody answers delays the job for seconds, and the VM ends by its time to live", async () => {
  const nobody = ["--url", "http://127.0.0.1:9"];
  const runner = gitlabRunner(lab, { cleanupFlags: nobody, flags: ["--ttl-seconds", "25"] });
  const result = await runner({ id: 18, script: ["echo built"] }).done;
  expect(result.status, result.trace).toBe("success");
  expect(result.cleanupMs).toBeLessThan(15_000);
  expect(result.runnerLog).toContain("unreachable");
  expect(await endsOf(lab, 18)).toEqual(["ttl"]);
});

// Where there is no /proc, command lines cannot be looked at.
test.skipIf(!existsSync("/proc/self/cmdline"))(
  "what a job's variables hold is in no command line and no log, and much output arrives whole",
  async () => {
    const mark = makeMark();
    const needles = [mark.needle, needleOf("job token", jobToken(19))];
    const job = gitlabRunner(lab)({
      id: 19,
      variables: { DEPLOY_KEY: mark.plant("variable") },
      script: ["seq 100000", "echo begun", UNTIL_LET_GO, 'test -n "$DEPLOY_KEY"'],
    });
    const vm = await atWork(19, job);
    const lines = readdirSync("/proc").flatMap((pid) => {
      try {
        return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`)] : [];
      } catch {
        return [];
      }
    });
    expect(findNeedles(needles, Buffer.concat(lines))).toEqual([]);
    await letGo(lab.fleet, vm);
    const result = await job.done;
    expect(result.status, result.trace).toBe("success");
    expect(result.trace).toContain(Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join(""));
    const logs = await Promise.all(
      [lab.fleet.controlPlane, ...lab.fleet.hosts.map(({ agent }) => agent)].map((each) => each.logs()),
    );
    expect(findNeedles(needles, Buffer.from([...logs, result.trace, result.runnerLog].join("\n")))).toEqual(
      [],
    );
    await endsOf(lab, 19);
  },
);
