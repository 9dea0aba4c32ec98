import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { atWork, githubVm, simOf } from "../support/lab.ts";
import { CONTROL_PLANE } from "../../src/fleet/control-plane.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({ speed: 20 });

async function db(command: string, ...rest: string[]): Promise<string> {
  const dataDir = join(lab.fleet.dir, "control-plane");
  const { stdout } = await execa(process.execPath, [
    CONTROL_PLANE,
    "db",
    command,
    ...rest,
    "--data-dir",
    dataDir,
  ]);
  return stdout;
}

test("a restored backup: what it knows and its host still has goes on, what it does not know is removed, no slot is used twice", async () => {
  const { fleet, github } = lab;
  const known = await fleet.api.createVm(githubVm(github, "known", { seconds: 60 }));
  await atWork(fleet, known.id);
  const backup = join(fleet.dir, "backup.sqlite");
  await db("backup", backup);

  const unknown = await fleet.api.createVm(githubVm(github, "unknown", { seconds: 3600 }));
  await atWork(fleet, unknown.id);
  await fleet.controlPlane.stop();
  expect(await db("restore", backup)).toContain("is the backup now");
  await fleet.controlPlane.start();
  const since = stopwatch("after the start of a restored control plane");

  // One slot is the known VM's. In the other the instance that nobody knows still runs.
  const next = await fleet.api.createVm(githubVm(github, "next", { seconds: 1 }));
  await until("the host to be back", async () => (await fleet.api.hosts()).every((host) => host.connected));
  since.tell("all hosts are connected");
  expect((await fleet.api.getVm(known.id)).state).toBe("ready");
  await expect(fleet.api.getVm(unknown.id)).rejects.toThrow();
  expect((await fleet.api.waitForVm(known.id, "ended")).end).toMatchObject({ reason: "runner_exited" });
  expect((await fleet.api.waitForVm(next.id, "ended")).end).toMatchObject({ reason: "runner_exited" });
  since.tell("the VMs that it knows have ended");
  await until(
    "the unknown instance to be removed",
    () =>
      !simOf(fleet, "mac-1")
        .running()
        .some((name) => name.startsWith(`tf-${unknown.id}`)),
    { deadlineMs: 120_000 },
  );
  since.tell("the unknown instance is removed");
  const taken = github
    .jobs()
    .map(({ name, timeline }) => [name, timeline.filter(({ what }) => what === "taken").length]);
  expect(taken.every(([, times]) => times === 1)).toBe(true);
  expect(github.jobs().find(({ name }) => name === "known")).toMatchObject({ result: "delivered" });
});
