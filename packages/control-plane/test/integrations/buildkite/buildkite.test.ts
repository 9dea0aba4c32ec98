import { afterEach, expect, test } from "vitest";
import { RUNNER, startBuildkiteWorld, type BuildkiteWorld } from "../../support/buildkite-world.ts";

let world: BuildkiteWorld;
afterEach(() => world.close());

/** Whatever happened: no job ran twice but by Buildkite's own retry, and nothing is left of VMs and agents. */
async function expectClean(): Promise<void> {
  await world.pass(200);
  expect(world.buildkite.jobs.all.filter(({ starts }) => starts > 1)).toEqual([]);
  expect(world.live()).toEqual([]);
  expect(world.buildkite.agents.connected()).toEqual([]);
}

const isRunning = (job: { state: string }) => job.state === "running";

test.each([1, 1800])(
  "jobs of %i s are served, each once by a VM of its own, and nothing is left",
  async (seconds) => {
    const names = ["a", "b", "c", "d", "e", "f"];
    world = await startBuildkiteWorld({
      courses: Object.fromEntries(names.map((name) => [name, { seconds }])),
    });
    for (const name of names) world.job(name);
    await world.atRest(seconds > 60 ? 30 : 10);
    expect(world.buildkite.jobs.all.map(({ exitStatus }) => exitStatus)).toEqual(Array(6).fill(0));
    expect(world.vms().map(({ end }) => end?.reason)).toEqual(Array(6).fill("runner_exited"));
    await expectClean();
  },
);

test("a job of another queue, or one that waits for a step before it, is none of ours", async () => {
  world = await startBuildkiteWorld();
  world.job("theirs", { queue: "linux" });
  world.buildkite.jobs.queue({ name: "later", queue: "mac", isWaiting: true });
  await world.pass(300);
  expect(world.vms()).toEqual([]);
});

test("a job that is cancelled before it was picked up costs its VM and no more", async () => {
  world = await startBuildkiteWorld({ hosts: 0 });
  const job = world.job("unwanted");
  await world.until("a VM that waits", () => world.live().length === 1);
  world.buildkite.jobs.cancel(job);
  await world.until("no VM", () => world.live().length === 0);
  expect(world.vms()[0]?.end?.reason).toBe("not_needed");
  await expectClean();
});

test("a job that is cancelled when its agent is there already: the agent waits, and the next job has it", async () => {
  world = await startBuildkiteWorld();
  world.buildkite.pause(true);
  const unwanted = world.job("unwanted");
  await world.until("an agent", () => world.guests.size === 1);
  world.buildkite.jobs.cancel(unwanted);
  await world.pass(60);
  world.buildkite.pause(false);
  world.job("next");
  await world.atRest();
  expect(world.vms()).toHaveLength(1);
  await expectClean();
});

test("a job that is cancelled while it runs ends as its agent does", async () => {
  world = await startBuildkiteWorld({ courses: { stopped: { seconds: 1800 } } });
  const job = world.job("stopped");
  await world.until("the job to run", () => isRunning(job));
  world.buildkite.jobs.cancel(job);
  await world.atRest();
  expect(job.state).toBe("canceled");
  expect(world.vms().map(({ end }) => end?.reason)).toEqual(["runner_exited"]);
  await expectClean();
});

test("an agent that no job comes to leaves by itself, and its VM with it", async () => {
  world = await startBuildkiteWorld();
  world.buildkite.pause(true);
  const job = world.job("gone");
  await world.until("an agent", () => world.guests.size === 1);
  world.buildkite.jobs.cancel(job);
  await world.pass(500);
  expect(world.live()).toHaveLength(1);
  await world.until("no VM", () => world.live().length === 0);
  expect(world.vms()).toHaveLength(1);
  await expectClean();
});

test("an agent that never exits after its job: its time to live ends its VM, and the next job has another", async () => {
  world = await startBuildkiteWorld({
    runners: [{ ...RUNNER, ttlSeconds: 3600 }],
    courses: { stuck: { exit: false } },
  });
  const stuck = world.job("stuck");
  await world.until("the job to be over", () => stuck.state === "finished");
  world.job("next");
  await world.pass(4200, 60);
  expect(new Set(world.vms().map(({ end }) => end?.reason))).toEqual(new Set(["runner_exited", "ttl"]));
  await expectClean();
});

test("a guest that dies with a job: Buildkite loses the agent, and its retry runs in another VM", async () => {
  world = await startBuildkiteWorld({ courses: { doomed: { seconds: 600 } } });
  const doomed = world.job("doomed", { retries: 1 });
  await world.until("the job to run", () => isRunning(doomed));
  await world.crash(world.live()[0]?.id ?? "");
  await world.until("the job to be lost", () => doomed.exitStatus === -1);
  await world.atRest();
  expect(world.buildkite.jobs.all.map(({ exitStatus }) => exitStatus)).toEqual([-1, 0]);
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("a host that dies with a job takes the job along; its retry and the next are served by the other host", async () => {
  world = await startBuildkiteWorld({ courses: { doomed: { seconds: 600 } } });
  const doomed = world.job("doomed", { retries: 1 });
  await world.until("the job to run", () => isRunning(doomed));
  const lost = world.live()[0];
  world.lose(lost?.host === "mac-1" ? 0 : 1);
  world.job("next");
  await world.until("three jobs to be over", () =>
    world.buildkite.jobs.all.every(({ state }) => state === "finished"),
  );
  expect(world.buildkite.jobs.all.map(({ name, exitStatus }) => [name, exitStatus])).toEqual([
    ["doomed", -1],
    ["next", 0],
    ["doomed", 0],
  ]);
  expect(doomed.starts).toBe(1);
  await world.pass(120);
  // Nobody knows what the silent host does: its VM stays, and is none that jobs are waited for with.
  expect(world.live().map(({ id }) => id)).toEqual([lost?.id]);
});

test("a restart of the control plane neither doubles nor loses a job, and takes nothing back", async () => {
  world = await startBuildkiteWorld({ courses: { long: { seconds: 1800 } } });
  const long = world.job("long");
  await world.until("the job to run", () => isRunning(long));
  world.job("next");
  await world.until("a VM for it", () => world.vms().length === 2);
  await world.fleet.restart();
  await world.atRest();
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("Buildkite is away for an hour: what runs goes on, nothing is asked, and what was queued is served after", async () => {
  world = await startBuildkiteWorld({ courses: { long: { seconds: 1800 } } });
  const long = world.job("long");
  await world.until("the job to run", () => isRunning(long));
  world.buildkite.down(true);
  world.job("meanwhile");
  await world.pass(1740, 60);
  expect(world.live()).toHaveLength(1);
  await world.fleet.restart();
  await world.pass(1860, 60);
  expect(world.vms()).toHaveLength(1);
  expect(world.told.filter((line) => line.includes("cannot be asked"))).toHaveLength(2);
  world.buildkite.down(false);
  await world.until(
    "the job to be served",
    () => world.buildkite.jobs.named("meanwhile")?.state === "finished",
  );
  expect(world.told.at(-1)).toContain("answers again");
});

test("a restart while Buildkite is away takes back no VM that was asked for", async () => {
  world = await startBuildkiteWorld({ hosts: 0 });
  world.job("a");
  await world.until("a VM that waits", () => world.live().length === 1);
  world.buildkite.down(true);
  await world.fleet.restart();
  await world.pass(120);
  expect(world.live()).toHaveLength(1);
});

test("no VM is asked for by a count that may be old, while Buildkite is away", async () => {
  world = await startBuildkiteWorld({ runners: [{ ...RUNNER, max: 1 }], courses: { a: { seconds: 600 } } });
  const job = world.job("a");
  world.job("b");
  await world.until("a job to run", () => isRunning(job));
  await world.pass(60);
  world.buildkite.down(true);
  await world.pass(20);
  await world.crash(world.live()[0]?.id ?? "");
  await world.pass(300);
  expect(world.vms()).toHaveLength(1);
  world.buildkite.down(false);
  await world.atRest();
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("a count that is asked for seldom starts no second VM for a job that came to its end since", async () => {
  world = await startBuildkiteWorld({ pollSeconds: 300 });
  const job = world.job("a");
  await world.until("the job to be over", () => job.state === "finished");
  await world.pass(120);
  expect(world.vms()).toHaveLength(1);
  world.job("b");
  await world.atRest();
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("a token that is refused is told of with what to do; VMs go on, and none is asked for until it is good again", async () => {
  world = await startBuildkiteWorld({ courses: { long: { seconds: 900 } } });
  const long = world.job("long");
  await world.until("the job to run", () => isRunning(long));
  world.buildkite.tokens.clear();
  world.job("next");
  await world.pass(300);
  expect(world.vms()).toHaveLength(1);
  expect(world.told.join("\n")).toMatch(/refuses the agent token .*tokenFile and restart/);
  expect(world.told.join("\n")).not.toContain(RUNNER.token);
  world.buildkite.tokens.add(RUNNER.token);
  await world.atRest();
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("metrics that are behind cost VMs that leave by themselves, never more than max, and no job", async () => {
  world = await startBuildkiteWorld({
    hosts: 3,
    runners: [{ ...RUNNER, max: 4 }],
    courses: { a: { seconds: 600 } },
  });
  const job = world.job("a");
  await world.until("the job to be counted", () => world.vms().length === 1);
  world.buildkite.freeze(true);
  await world.until("the job to run", () => isRunning(job));
  await world.pass(60);
  expect(world.vms().length).toBeLessThanOrEqual(2);
  await world.pass(240);
  expect(world.live().length).toBeLessThanOrEqual(4);
  world.buildkite.freeze(false);
  await world.atRest();
  expect(job.starts).toBe(1);
  await expectClean();
});

test("Buildkite is asked no more often than it wants to be", async () => {
  world = await startBuildkiteWorld();
  await world.pass(600);
  const asked = world.buildkite.requests.filter((line) => line === "GET /v3/metrics").length;
  expect(asked).toBeGreaterThan(30);
  expect(asked).toBeLessThanOrEqual(61);
  expect(
    await world.metric('tartfleet_ci_polls_total{system="buildkite",runner="ios",outcome="failed"}'),
  ).toBeNaN();
});

test("no more VMs at once than max, and as many agents wait as min says", async () => {
  const names = ["a", "b", "c", "d", "e"];
  world = await startBuildkiteWorld({
    hosts: 4,
    runners: [{ ...RUNNER, min: 1, max: 3 }],
    courses: Object.fromEntries(names.map((name) => [name, { seconds: 300 }])),
  });
  await world.until("an agent that waits", () => world.buildkite.agents.connected().length === 1);
  for (const name of names) world.job(name);
  await world.pass(120);
  expect(world.live()).toHaveLength(3);
  await world.until("all jobs to be over", () =>
    world.buildkite.jobs.all.every(({ state }) => state === "finished"),
  );
  expect(world.buildkite.jobs.all.map(({ starts }) => starts)).toEqual([1, 1, 1, 1, 1]);
});

test("the token stands in no event, record, audit row or log", async () => {
  world = await startBuildkiteWorld();
  world.job("secretive");
  await world.atRest();
  const shown = JSON.stringify([
    world.vms(),
    world.vms().map(({ id }) => world.fleet.useCases.vmEvents(id, 0, 200)),
    world.fleet.useCases.auditPage({ order: "oldest", limit: 1000 }).records,
    world.told,
    await world.fleet.useCases.metrics(),
  ]);
  expect(shown).toContain("buildkite:ios");
  expect(shown).not.toContain(RUNNER.token);
});

test("agents that Buildkite does not take: VMs come ever more seldom, and at once when jobs run again", async () => {
  world = await startBuildkiteWorld();
  world.buildkite.refuseAgents(true);
  world.job("a");
  await world.pass(1800, 20);
  expect(world.vms().length).toBeGreaterThan(3);
  expect(world.vms().length).toBeLessThan(8);
  expect(world.told.join("\n")).toContain("in vain");
  world.buildkite.refuseAgents(false);
  await world.atRest();
  const before = world.vms().length;
  world.job("b");
  await world.until("it to be served", () => world.buildkite.jobs.named("b")?.state === "finished", 5);
  expect(world.vms()).toHaveLength(before + 1);
});
