import { existsSync, readdirSync, readFileSync } from "node:fs";
import { jobToken } from "@tartfleet/ci-sim/gitlab";
import { expect, test } from "vitest";
import { endsOf, gitlabRunner, vmsOfJob } from "../support/gitlab.ts";
import { findNeedles, makeMark, needleOf } from "../support/needles.ts";
import { hostOf, letGo, UNTIL_LET_GO } from "../support/lab.ts";
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

// Where there is no /proc, command lines cannot be looked at.
test.skipIf(!existsSync("/proc/self/cmdline"))(
  "what a job's variables hold is in no command line and no log, much output arrives whole, and a cancellation ends it in the guest",
  async () => {
    const mark = makeMark();
    const needles = [mark.needle, needleOf("job token", jobToken(19))];
    const job = gitlabRunner(lab)({
      id: 19,
      variables: { DEPLOY_KEY: mark.plant("variable") },
      script: ["seq 100000", 'test -n "$DEPLOY_KEY"', "echo $$ > ~/pid", "echo begun", "sleep 300"],
      afterScript: ['if kill -0 "$(cat ~/pid)" 2>/dev/null; then echo still there; else echo gone; fi'],
    });
    await atWork(19, job);
    const lines = readdirSync("/proc").flatMap((pid) => {
      try {
        return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`)] : [];
      } catch {
        return [];
      }
    });
    expect(findNeedles(needles, Buffer.concat(lines))).toEqual([]);
    job.cancel();
    const result = await job.done;
    expect(result.status, result.trace).toBe("canceled");
    expect(result.trace).toContain(Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join(""));
    expect(result.trace).toMatch(/^gone$/m);
    const logs = await Promise.all(
      [lab.fleet.controlPlane, ...lab.fleet.hosts.map(({ agent }) => agent)].map((each) => each.logs()),
    );
    const said = Buffer.from([...logs, result.trace, result.runnerLog].join("\n"));
    expect(findNeedles(needles, said)).toEqual([]);
    expect(await endsOf(lab, 19)).toEqual(["client"]);
  },
);
