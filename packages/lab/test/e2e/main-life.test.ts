import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { githubVm, statesOf } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab();

test("a VM is asked for, boots, runs its job, announces its end, reports the result and is gone", async () => {
  const vm = await lab.fleet.ci.createVm(githubVm(lab.github, "whole-life", { seconds: 0.5 }));
  expect(vm).toMatchObject({ state: "queued", jobId: "job-of-whole-life", runner: { kind: "github" } });

  const end = await lab.fleet.ci.waitForVm(vm.id, "ended");
  expect(end).toMatchObject({
    state: "deleted",
    end: { reason: "runner_exited" },
    host: "mac-1",
    attempt: 1,
    job: { state: "ended", details: { repository: "acme/app" } },
  });
  const job = await lab.github.settled("whole-life");
  expect(job).toMatchObject({ result: "delivered", conclusion: "success" });
  expect(job.hookOutput.completed).toMatch(/^tartfleet: [A-Za-z ]+\n?$/);

  const events = await lab.fleet.ci.vmEvents(vm.id);
  const states = [
    "queued",
    "assigned",
    "cloning",
    "booting",
    "provisioning",
    "ready",
    "draining",
    "stopping",
    "deleted",
  ];
  expect(statesOf(events).filter((state) => state !== "pulling")).toEqual(states);
  const announced = events.filter(({ type }) => type === "end_announced");
  expect(announced.map(({ data }) => data["phase"])).toEqual(["job_hook", "runner_exited"]);
  expect(announced.map(({ source }) => source)).toEqual(["hook", "guest"]);

  const [host] = lab.fleet.hosts;
  expect(await readdir(join(host?.tartHome ?? "", "vms"))).toEqual([]);
  expect(await lab.fleet.ci.capacity()).toMatchObject({ slots: { total: 2, free: 2 }, queued: 0 });
});

test("a failed job's result is delivered all the same", async () => {
  const vm = await lab.fleet.ci.createVm(githubVm(lab.github, "red", { exitCode: 1 }));
  expect((await lab.fleet.ci.waitForVm(vm.id, "ended")).end?.reason).toBe("runner_exited");
  expect(await lab.github.settled("red")).toMatchObject({ result: "delivered", conclusion: "failure" });
});

test("more VMs than slots: each freed slot goes to the next, and never do three run", async () => {
  const names = ["queue-1", "queue-2", "queue-3", "queue-4"];
  const vms = [];
  for (const name of names)
    vms.push(await lab.fleet.ci.createVm(githubVm(lab.github, name, { seconds: 0.3 })));
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, lab.fleet.hosts[0]?.sim?.running().length ?? 0);
  }, 50);
  const ends = await Promise.all(vms.map(({ id }) => lab.fleet.ci.waitForVm(id, "ended")));
  clearInterval(watch);
  expect(ends.map(({ end }) => end?.reason)).toEqual(names.map(() => "runner_exited"));
  expect(
    lab.github.jobs().filter(({ name, result }) => names.includes(name) && result === "delivered"),
  ).toHaveLength(4);
  const placed = ends.map(({ assignedAt }) => assignedAt ?? "");
  expect(placed.toSorted()).toEqual(placed);
  expect(most).toBe(2);
});

test("no secret of a VM is in a log", async () => {
  const [host] = lab.fleet.hosts;
  const logs = `${await lab.fleet.controlPlane.logs()}${await host?.agent.logs()}`;
  expect(logs).toContain("listening");
  const { encodedJitConfig } = lab.github.createJitConfig({ name: "shape", labels: [] });
  expect(logs).not.toContain(encodedJitConfig.slice(0, 24));
  expect(logs).not.toContain(lab.fleet.ciToken);
  expect(logs).not.toContain(lab.fleet.adminToken);
  expect(logs).not.toMatch(/Bearer \S{20}/);
});
