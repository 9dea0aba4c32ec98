import { afterEach, expect, test } from "vitest";
import { startCircleciWorld, type CircleciWorld } from "../../support/circleci-world.ts";

let world: CircleciWorld;
afterEach(() => world.close());

const results = () => world.circleci.tasks.map(({ result }) => result);
const isRunning = (name: string) => () =>
  world.circleci.tasks.some((task) => task.name === name && task.runner !== undefined);

/** Whatever happened: each task began at most once, and no VM is left. */
async function expectClean(): Promise<void> {
  await world.until("no VM", () => world.live().length === 0);
  expect(world.circleci.tasks.filter(({ starts }) => starts > 1)).toEqual([]);
}

test.each([1, 1800])("tasks of %i s are served, each once, and nothing is left", async (seconds) => {
  const names = seconds === 1 ? ["a", "b", "c", "d", "e", "f"] : ["a", "b"];
  world = await startCircleciWorld({ courses: Object.fromEntries(names.map((name) => [name, { seconds }])) });
  for (const name of names) world.job(name);
  await world.atRest();
  expect(results()).toEqual(names.map(() => "success"));
  expect(world.vms()).toHaveLength(names.length);
  await expectClean();
});

test("a task that waits beside one that runs gets a VM of its own, though nobody says which has which", async () => {
  world = await startCircleciWorld({ courses: { long: { seconds: 1800 } } });
  world.job("long");
  await world.until("the task to run", isRunning("long"));
  world.job("next");
  await world.until("the next to be done", () => results()[1] === "success");
  expect(results()[0]).toBeUndefined();
  expect(world.vms()).toHaveLength(2);
});

test("no more VMs at once than the definition's max", async () => {
  world = await startCircleciWorld({
    definition: { max: 1 },
    courses: { a: { seconds: 60 }, b: { seconds: 60 } },
  });
  world.job("a");
  world.job("b");
  await world.until("one to run", isRunning("a"));
  expect(world.live()).toHaveLength(1);
  await world.atRest();
  await expectClean();
});

test("a task that is cancelled before its pick-up costs its VM and no more", async () => {
  world = await startCircleciWorld({ hosts: 0 });
  const task = world.job("unwanted");
  await world.until("a VM that waits", () => world.live().length === 1);
  world.circleci.finish(task, "canceled");
  await world.until("no VM", () => world.live().length === 0);
  expect(world.vms()[0]?.end?.reason).toBe("not_needed");
});

test("a task that is cancelled while it runs ends as its runner does", async () => {
  world = await startCircleciWorld({ courses: { stopped: { seconds: 1800 } } });
  const task = world.job("stopped");
  await world.until("the task to run", isRunning("stopped"));
  world.circleci.finish(task, "canceled");
  await world.atRest();
  expect(world.vms()[0]?.end?.reason).toBe("runner_exited");
  await expectClean();
});

test.each([1, 1800])(
  "a runner that never exits after its task of %i s is ended when it should have given up",
  async (seconds) => {
    world = await startCircleciWorld({ courses: { a: { seconds, exit: false } } });
    const task = world.job("a");
    await world.until("the task's end", () => task.result !== undefined, 60);
    await world.atRest();
    expect(world.vms()[0]?.end?.reason).toBe("job_over");
    expect(await world.metric("tartfleet_ci_forced_total")).toBe(1);
    await expectClean();
  },
);

test("a task that takes longer than a runner may wait for one is left alone", async () => {
  world = await startCircleciWorld({ definition: { idleSeconds: 60 }, courses: { a: { seconds: 1500 } } });
  world.job("a");
  await world.until("the task to run", isRunning("a"));
  await world.pass(1000, 50);
  expect(world.live().map(({ state }) => state)).toEqual(["ready"]);
  await world.atRest();
  expect(world.vms()[0]?.end?.reason).toBe("runner_exited");
});

test("a VM that CircleCI does not list is left alone while a task runs, for it may be its", async () => {
  world = await startCircleciWorld({ courses: { a: { seconds: 1500 } } });
  world.job("a");
  await world.until("the task to run", isRunning("a"));
  world.circleci.connected.clear();
  await world.pass(1000, 50);
  expect(world.live().map(({ state }) => state)).toEqual(["ready"]);
});

test("a guest that dies takes its task along, and the next is served", async () => {
  world = await startCircleciWorld({ courses: { doomed: { seconds: 600 } } });
  const doomed = world.job("doomed");
  await world.until("the task to run", isRunning("doomed"));
  await world.crash(world.live()[0]?.id ?? "");
  world.job("next");
  await world.until("the next to be done", () => results()[1] === "success");
  await world.atRest();
  expect(doomed).toMatchObject({ starts: 1, result: "infrastructure_fail" });
  await expectClean();
});

test("a host that dies with a task does not have it run twice, and the next is served by another", async () => {
  world = await startCircleciWorld({ courses: { doomed: { seconds: 600 } } });
  const doomed = world.job("doomed");
  await world.until("the task to run", isRunning("doomed"));
  world.lose(world.live()[0]?.host === "mac-1" ? 0 : 1);
  world.job("next");
  await world.until("the next to be done", () => results()[1] === "success");
  expect(doomed.starts).toBe(1);
});

test("a restart of the control plane in a task neither doubles nor loses one", async () => {
  world = await startCircleciWorld({ courses: { long: { seconds: 300 } } });
  world.job("long");
  await world.until("the task to run", isRunning("long"));
  await world.fleet.restart();
  world.job("next");
  await world.atRest();
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("CircleCI is away for an hour: what runs goes on, nothing is asked for, what was queued is served after", async () => {
  world = await startCircleciWorld({ courses: { long: { seconds: 4200 } } });
  const long = world.job("long");
  await world.until("the task to run", isRunning("long"));
  world.circleci.down(true);
  world.job("meanwhile");
  for (let passed = 0; passed < 3600; passed += 200) {
    world.circleci.beat(long);
    await world.pass(200, 50);
  }
  expect(world.live().map(({ state }) => state)).toEqual(["ready"]);
  world.circleci.down(false);
  await world.atRest();
  expect(results()).toEqual(["success", "success"]);
  await expectClean();
});

test("a token that has expired is told of, once and with what to do, and starts no VMs in vain", async () => {
  world = await startCircleciWorld();
  world.circleci.renewToken();
  world.job("meanwhile");
  await world.pass(600, 60);
  expect(world.vms()).toHaveLength(0);
  expect(world.told.filter((line) => line.includes("cannot be asked"))).toHaveLength(1);
  expect(world.told.join("\n")).toContain("make a new one");
});

test("429 and Retry-After are kept", async () => {
  world = await startCircleciWorld({ hosts: 0 });
  await world.pass(10);
  world.circleci.refuse({ status: 429, headers: { "retry-after": "300" } });
  await world.pass(30);
  const asked = world.circleci.requests.length;
  await world.pass(200);
  expect(world.circleci.requests).toHaveLength(asked);
  await world.pass(100);
  expect(world.circleci.requests.length).toBeGreaterThan(asked);
});

test("counts that stay the same while tasks come and go cost idle VMs at most, and lose nothing", async () => {
  world = await startCircleciWorld({ definition: { max: 3, idleSeconds: 60 } });
  world.job("a");
  await world.pass(20);
  world.circleci.stale(true);
  await world.pass(600, 60);
  expect(results()).toEqual(["success"]);
  world.circleci.stale(false);
  await expectClean();
});

test("a VM whose runner CircleCI does not list is ended at the second sighting, and its task gets another", async () => {
  world = await startCircleciWorld({ mutes: 1 });
  world.job("a");
  await world.atRest();
  expect(results()).toEqual(["success"]);
  expect(new Set(world.vms().map(({ end }) => end?.reason))).toEqual(
    new Set(["not_registered", "runner_exited"]),
  );
});

test("runners whose token is not the resource class's are not booted again and again", async () => {
  world = await startCircleciWorld({ definition: { tokenFile: "another" } });
  world.job("a");
  await world.pass(3600, 60);
  expect(world.vms().length).toBeLessThan(9);
  expect(world.told.join("\n")).toContain("exited without a job");
});

test("no token stands in events, records, logs or the audit log", async () => {
  world = await startCircleciWorld();
  world.job("secretive");
  await world.atRest();
  const shown = JSON.stringify([
    world.vms(),
    world.vms().map(({ id }) => world.fleet.useCases.vmEvents(id, 0, 200)),
    world.fleet.useCases.auditPage({ order: "oldest", limit: 1000 }).records,
    world.told,
  ]);
  expect(world.secrets.size).toBe(1);
  for (const secret of world.secrets) expect(shown).not.toContain(secret);
});
