import { afterEach, expect, test } from "vitest";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/github-world.ts";

let world: GithubWorld;
afterEach(() => world.close());

/*
 * The ends of ci-runners §2.2, by the numbers of its list. (1), (2), (3) and (9) without an integration are in the
 * lab's tests of endings and grace; (5) and (8) in those of VM tokens.
 */

test("(2) the hook never fires, the process exits: the VM is deleted", async () => {
  world = await startGithubWorld({ courses: { a: { seconds: 1, hook: false } } });
  world.job("a");
  await world.atRest();
  expect(world.vms()[0]?.end?.reason).toBe("runner_exited");
});

test("(1) the hook fired and the process stays: nothing is ended until GitHub has said twice that the job is over", async () => {
  world = await startGithubWorld({ courses: { a: { seconds: 1, exit: false, result: false } } });
  const job = world.job("a");
  await world.until("the hook", () => world.live()[0]?.state === "draining");
  // The runner sends its result late: all that time GitHub says that the job runs.
  await world.pass(300);
  expect(world.live()[0]?.state).toBe("draining");
  world.github.finish(job.id, "success");
  await world.atRest();
  expect(world.vms()[0]?.end).toMatchObject({
    reason: "job_over",
    message: expect.stringContaining("GitHub said twice"),
  });
  expect(await world.metric("tartfleet_github_forced_total")).toBe(1);
  const { records } = world.fleet.useCases.auditPage({
    order: "oldest",
    limit: 1000,
    action: "github.force",
  });
  expect(records).toHaveLength(1);
});

test("(3) neither fires: GitHub's word about the job, twice, ends the VM", async () => {
  world = await startGithubWorld({ courses: { a: { seconds: 1, hook: false, exit: false } } });
  world.job("a");
  await world.atRest();
  expect(world.vms()[0]?.end?.reason).toBe("job_over");
  expect(await world.metric("tartfleet_github_forced_total")).toBe(1);
});

test("(4) nothing is heard of it at all: its time to live ends it", async () => {
  world = await startGithubWorld({
    runners: [{ ...RUNNER, ttlSeconds: 3600 }],
    courses: { a: { seconds: 1, hook: false, exit: false, result: false } },
  });
  const job = world.job("a");
  await world.until("the job to run", () => job.status === "in_progress");
  await world.pass(3900, 60);
  expect(world.vms()[0]?.end?.reason).toBe("ttl");
});

test("(6) GitHub is down from the hook on: the hook's grace alone ends the VM, late", async () => {
  world = await startGithubWorld({ courses: { a: { seconds: 1, exit: false, result: false } } });
  world.job("a");
  await world.until("the hook", () => world.live()[0]?.state === "draining");
  world.github.down(true);
  await world.pass(480);
  expect(world.live()[0]?.state).toBe("draining");
  await world.pass(300);
  expect(world.vms()[0]?.end?.reason).toBe("hook_grace_forced");
  world.github.down(false);
});

test("(7) GitHub says that the runner is idle while its job runs: nothing is ended", async () => {
  world = await startGithubWorld({ courses: { a: { seconds: 1800 } } });
  const job = world.job("a");
  await world.until("the job to run", () => job.status === "in_progress");
  world.github.runners.tellStale(true);
  await world.pass(1200);
  expect(world.live()[0]?.state).toBe("ready");
  await world.atRest();
  expect(job.conclusion).toBe("success");
});

test("(10) a second job on the same VM is told of as what must not be", async () => {
  world = await startGithubWorld({ courses: { a: { seconds: 1, exit: false } } });
  world.job("a");
  await world.until("the hook", () => world.live()[0]?.state === "draining");
  const [guest] = world.guests.values();
  if (!guest) throw new Error("there is no guest");
  const { vmId, attempt } = guest;
  const caller = { principal: { kind: "vm" as const, vmId, attempt }, requestId: "test", address: null };
  await world.fleet.useCases.guestEvent(caller, vmId, { type: "job_started", details: {} });
  const events = world.fleet.useCases.vmEvents(vmId, 0, 200);
  expect(events.map(({ message }) => message)).toContainEqual(expect.stringMatching(/started another job/));
});

test("a runner that is registered for a VM that has ended is removed at the second sighting", async () => {
  world = await startGithubWorld({ courses: { a: { seconds: 600 } } });
  const job = world.job("a");
  await world.until("the job to run", () => job.status === "in_progress");
  const [vm] = world.live();
  await world.fleet.useCases.endVm(
    {
      principal: { kind: "token", tokenId: "x", role: "admin", name: "x", team: null },
      requestId: "x",
      address: null,
    },
    vm?.id ?? "",
    {},
  );
  await world.until("the VM to be gone", () => world.live().length === 0);
  world.github.jobs.complete(job.id, "failure");
  const [ghost] = world.github.runners.all();
  if (ghost) ghost.busy = false;
  await world.until("the runner to be removed", () => world.github.runners.all().length === 0);
  expect(await world.metric('tartfleet_github_removed_total{kind="ghost"}')).toBe(1);
});

test("runners of another fleet and of people are left alone", async () => {
  world = await startGithubWorld();
  for (const name of ["a-persons-mac", "ios-aaaaaaaaaaaaaaaa-1-bbbb"])
    world.github.runners.register({ name, labels: ["ios"], scope: "orgs/acme", groupId: 1, setId: null });
  await world.pass(400);
  expect(world.github.runners.all()).toHaveLength(2);
});

test("a VM whose runner GitHub does not list is ended at the second sighting, and its job gets another", async () => {
  world = await startGithubWorld({ mutes: 1 });
  const job = world.job("a");
  await world.until("a guest", () => world.guests.size === 1);
  await world.pass(240);
  expect(world.live()).toHaveLength(1);
  await world.atRest();
  expect(job.conclusion).toBe("success");
  expect(new Set(world.vms().map(({ end }) => end?.reason))).toEqual(
    new Set(["not_registered", "runner_exited"]),
  );
  expect(await world.metric('tartfleet_github_removed_total{kind="mute"}')).toBe(1);
  const { records } = world.fleet.useCases.auditPage({ order: "oldest", limit: 1000, action: "github.mute" });
  expect(records).toMatchObject([{ outcome: "done", details: { runner: "ios" } }]);
});
