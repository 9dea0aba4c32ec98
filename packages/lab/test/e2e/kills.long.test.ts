import { describe, expect, test } from "vitest";
import { atWork, githubVm, hostOf, inState } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

// Slow enough for a boot to be hit.
const lab = useLab({ speed: 8 });

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
  { who: "the agent", program: () => hostOf(lab.fleet, "mac-1").agent },
])("kill -9 of $who", ({ who, program }) => {
  const slug = who.split(" ").at(-1);

  test("in the middle of a job and of a boot: both go on, once", async () => {
    const [working, booting] = [`works-${slug}`, `boots-${slug}`];
    const first = await lab.fleet.api.createVm(githubVm(lab.github, working, { seconds: 6 }));
    await atWork(lab.fleet, first.id);
    const second = await lab.fleet.api.createVm(githubVm(lab.github, booting));
    await inState(lab.fleet, second.id, "booting");
    await program().kill("SIGKILL");
    expect(lab.github.jobs().find(({ name }) => name === working)?.result).toBe("running");
    await program().start();
    await Promise.all([expectOneWholeLife(first.id, working), expectOneWholeLife(second.id, booting)]);
  });

  test("while a job ends: what was said meanwhile is said again, or seen", async () => {
    const name = `ends-${slug}`;
    const { id } = await lab.fleet.api.createVm(githubVm(lab.github, name, { seconds: 1 }));
    await atWork(lab.fleet, id);
    await program().kill("SIGKILL");
    await lab.github.settled(name);
    await program().start();
    await expectOneWholeLife(id, name);
  });
});

test("a VM that waits in the queue outlives the control plane, and so does its idempotency key", async () => {
  const blockers = await Promise.all(
    ["blocker-1", "blocker-2"].map((name) =>
      lab.fleet.api.createVm(githubVm(lab.github, name, { seconds: 1 })),
    ),
  );
  const body = githubVm(lab.github, "kept");
  const { id } = await lab.fleet.api.createVm(body, "key-of-kept");
  await lab.fleet.controlPlane.restart();
  const again = await lab.fleet.api.createVm(body, "key-of-kept");
  expect(again.id).toBe(id);
  const all = [again, ...blockers].map((vm) => expectOneWholeLife(vm.id, vm.name));
  await Promise.all(all);
});
