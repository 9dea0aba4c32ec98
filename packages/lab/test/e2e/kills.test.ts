import { describe, expect, test } from "vitest";
import type { Program } from "../../src/fleet/program.ts";
import { atWork, githubVm, inState } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

// Slow enough for a boot to be hit.
const lab = useLab({ speed: 8 });

const agent = (): Program => {
  const [host] = lab.fleet.hosts;
  if (!host) throw new Error("the fleet has no host");
  return host.agent;
};

/** The VM came up once, its job ran once, and its result arrived. */
async function expectOneWholeLife(id: string, name: string): Promise<void> {
  const end = await lab.fleet.api.waitForVm(id, "ended");
  expect(end).toMatchObject({ state: "deleted", end: { reason: "runner_exited" }, attempt: 1 });
  const jobs = lab.github.jobs().filter((job) => job.name === name);
  expect(jobs).toMatchObject([{ result: "delivered", conclusion: "success" }]);
  const starts = jobs[0]?.timeline.filter(({ what }) => what === "taken");
  expect(starts).toHaveLength(1);
  expect((await lab.fleet.api.listVms({ name })).map((vm) => vm.id)).toEqual([id]);
}

describe.each([
  { who: "the control plane", program: () => lab.fleet.controlPlane },
  { who: "the agent", program: agent },
])("kill -9 of $who", ({ who, program }) => {
  const slug = who.split(" ").at(-1);

  test("in the middle of a boot: the same instance goes on", async () => {
    const name = `boot-${slug}`;
    const { id } = await lab.fleet.api.createVm(githubVm(lab.github, name));
    await inState(lab.fleet, id, "booting");
    await program().kill("SIGKILL");
    await program().start();
    await expectOneWholeLife(id, name);
  });

  test("in the middle of a job: the job goes on, and its end is heard", async () => {
    const name = `job-${slug}`;
    const { id } = await lab.fleet.api.createVm(githubVm(lab.github, name, { seconds: 4 }));
    await atWork(lab.fleet, id);
    await program().kill("SIGKILL");
    await program().start();
    await expectOneWholeLife(id, name);
  });

  test("while the job ends: what was said meanwhile is said again, or seen", async () => {
    const name = `end-${slug}`;
    const { id } = await lab.fleet.api.createVm(githubVm(lab.github, name, { seconds: 1 }));
    await atWork(lab.fleet, id);
    await program().kill("SIGKILL");
    await lab.github.settled(name);
    await program().start();
    await expectOneWholeLife(id, name);
  });
});

test("an accepted VM that waits in the queue outlives the control plane, and so does its idempotency key", async () => {
  const body = githubVm(lab.github, "kept");
  const blockers = await Promise.all(
    ["blocker-1", "blocker-2"].map((name) =>
      lab.fleet.api.createVm(githubVm(lab.github, name, { seconds: 1 })),
    ),
  );
  const { id } = await lab.fleet.api.createVm(body, "key-of-kept");
  await lab.fleet.controlPlane.restart();
  const again = await lab.fleet.api.createVm(body, "key-of-kept");
  expect(again.id).toBe(id);
  await expectOneWholeLife(id, "kept");
  for (const blocker of blockers) await expectOneWholeLife(blocker.id, blocker.name);
});
