import { startFakeGitHub, type FakeGitHub } from "@tartfleet/tart-sim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fleet } from "../../src/fleet/fleet.ts";
import type { Program } from "../../src/fleet/program.ts";
import { atWork, githubVm, inState, startLab } from "../support/lab.ts";

let fleet: Fleet;
let github: FakeGitHub;

beforeAll(async () => {
  // Slow enough that a boot can be hit, and a lease that a restart outlives.
  [fleet, github] = await Promise.all([startLab({ speed: 8 }), startFakeGitHub()]);
});

afterAll(async () => {
  const leftovers = await fleet.stop();
  await github.close();
  expect(leftovers).toEqual([]);
});

const agent = (): Program => {
  const [host] = fleet.hosts;
  if (!host) throw new Error("the fleet has no host");
  return host.agent;
};

/** The VM came up once, its job ran once, and its result arrived. */
async function expectOneWholeLife(id: string, name: string): Promise<void> {
  const end = await fleet.api.waitForVm(id, "ended");
  expect(end).toMatchObject({ state: "deleted", end: { reason: "runner_exited" }, attempt: 1 });
  const jobs = github.jobs().filter((job) => job.name === name);
  expect(jobs).toMatchObject([{ result: "delivered", conclusion: "success" }]);
  const starts = jobs[0]?.timeline.filter(({ what }) => what === "taken");
  expect(starts).toHaveLength(1);
  expect((await fleet.api.listVms({ name })).map((vm) => vm.id)).toEqual([id]);
}

describe.each([
  { who: "the control plane", program: () => fleet.controlPlane },
  { who: "the agent", program: agent },
])("kill -9 of $who", ({ who, program }) => {
  const slug = who.split(" ").at(-1);

  test("in the middle of a boot: the same instance goes on", async () => {
    const name = `boot-${slug}`;
    const { id } = await fleet.api.createVm(githubVm(github, name));
    await inState(fleet, id, "booting");
    await program().kill("SIGKILL");
    await program().start();
    await expectOneWholeLife(id, name);
  });

  test("in the middle of a job: the job goes on, and its end is heard", async () => {
    const name = `job-${slug}`;
    const { id } = await fleet.api.createVm(githubVm(github, name, { seconds: 4 }));
    await atWork(fleet, id);
    await program().kill("SIGKILL");
    await program().start();
    await expectOneWholeLife(id, name);
  });

  test("while the job ends: what was said meanwhile is said again, or seen", async () => {
    const name = `end-${slug}`;
    const { id } = await fleet.api.createVm(githubVm(github, name, { seconds: 1 }));
    await atWork(fleet, id);
    await program().kill("SIGKILL");
    await github.settled(name);
    await program().start();
    await expectOneWholeLife(id, name);
  });
});

test("an accepted VM that waits in the queue outlives the control plane, and so does its idempotency key", async () => {
  const body = githubVm(github, "kept");
  const blockers = await Promise.all(
    ["blocker-1", "blocker-2"].map((name) => fleet.api.createVm(githubVm(github, name, { seconds: 1 }))),
  );
  const { id } = await fleet.api.createVm(body, "key-of-kept");
  await fleet.controlPlane.restart();
  const again = await fleet.api.createVm(body, "key-of-kept");
  expect(again.id).toBe(id);
  await expectOneWholeLife(id, "kept");
  for (const blocker of blockers) await expectOneWholeLife(blocker.id, blocker.name);
});
