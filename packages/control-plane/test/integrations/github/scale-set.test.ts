import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { namesOf } from "../../support/exposition.ts";
import { startGithubWorld, RUNNER, type GithubWorld } from "../../support/github-world.ts";

let world: GithubWorld;
afterEach(() => world.close());

/** Whatever happened: each job ran at most once, nothing is left of VMs and runners. */
async function expectClean(): Promise<void> {
  await world.pass(200);
  expect(world.github.jobs.all.filter(({ starts }) => starts > 1)).toEqual([]);
  expect(world.live()).toEqual([]);
  expect(world.github.runners.all()).toEqual([]);
}

test.each([1, 1800])("jobs of %i s are served, each once, and nothing is left", async (seconds) => {
  const courses = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name) => [name, { seconds }]));
  world = await startGithubWorld({ courses });
  for (const name of Object.keys(courses)) world.job(name);
  await world.atRest();
  expect(world.github.jobs.all.map(({ conclusion }) => conclusion)).toEqual(Array(6).fill("success"));
  expect(world.vms().map(({ end }) => end?.reason)).toEqual(Array(6).fill("runner_exited"));
  await expectClean();
});

test("a credential is made when the guest is ready for it, not when its job is queued", async () => {
  world = await startGithubWorld({ hosts: 0 });
  world.job("early");
  await world.until("a VM that waits", () => world.live().length === 1);
  await world.pass(600);
  expect(world.github.runners.all()).toEqual([]);
  expect(world.github.requests.filter((line) => line.includes("generatejitconfig"))).toEqual([]);
});

test("no credential stands in events, records or the audit log", async () => {
  world = await startGithubWorld();
  world.job("secretive");
  await world.atRest();
  const shown = JSON.stringify([
    world.vms(),
    world.vms().map(({ id }) => world.fleet.useCases.vmEvents(id, 0, 200)),
    world.fleet.useCases.auditPage({ order: "oldest", limit: 1000 }).records,
    world.told,
  ]);
  expect(world.secrets).toHaveLength(1);
  for (const secret of world.secrets) expect(shown).not.toContain(secret);
});

test("a job that is cancelled before a runner took it costs its VM and no more", async () => {
  world = await startGithubWorld({ hosts: 0 });
  const job = world.job("unwanted");
  await world.until("a VM that waits", () => world.live().length === 1);
  world.github.jobs.cancel(job.id);
  await world.until("no VM", () => world.live().length === 0);
  expect(world.vms()[0]?.end?.reason).toBe("not_needed");
  await expectClean();
});

test("a job that is cancelled while it runs ends as its runner does", async () => {
  world = await startGithubWorld({ courses: { stopped: { seconds: 120, result: false } } });
  const job = world.job("stopped");
  await world.until("the job to run", () => job.status === "in_progress");
  world.github.finish(job.id, "cancelled");
  await world.atRest();
  expect(world.vms()[0]?.end?.reason).toBe("runner_exited");
  await expectClean();
});

test("no more VMs at once than the definition's max, and the service is told so", async () => {
  world = await startGithubWorld({
    hosts: 4,
    runners: [{ ...RUNNER, max: 3 }],
    courses: Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, { seconds: 300 }])),
  });
  for (const name of ["a", "b", "c", "d", "e"]) world.job(name);
  await world.until("three at work", () => world.guests.size === 3);
  expect(world.live()).toHaveLength(3);
  expect(world.github.sets[0]?.capacity).toBe(3);
  await world.atRest();
  await expectClean();
});

test.each(["assign", "offer"] as const)(
  "jobs that the fleet has no slot for wait at GitHub (which %ss them), and come as slots become free",
  async (dispatch) => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const courses = Object.fromEntries(names.map((name) => [name, { seconds: 300 }]));
    world = await startGithubWorld({ hosts: 1, courses, dispatch });
    for (const name of names) world.job(name);
    await world.until("two at work", () => world.guests.size === 2);
    await world.pass(60);
    // Two have the slots, and one waits here for the next.
    expect(world.github.jobs.all.filter(({ setId }) => setId !== null)).toHaveLength(3);
    expect(world.live()).toHaveLength(3);
    expect(await world.metric('tartfleet_github_welcome_jobs{runner="ios"}')).toBe(3);
    await world.atRest();
    expect(world.github.jobs.all.map(({ starts }) => starts)).toEqual(names.map(() => 1));
    await expectClean();
  },
);

test("a host that comes while a question for a message is open has GitHub give more at once", async () => {
  world = await startGithubWorld({ hosts: 0, pollMs: 60_000 });
  world.job("a");
  const waits = world.job("b");
  await world.until("a VM that waits", () => world.live().length === 1);
  await world.pass(60);
  expect(waits.setId).toBeNull();
  await world.fleet.host("mac-1");
  await world.until("the other job to be given", () => waits.setId !== null, 1);
});

test("a restart of the control plane takes the session over, and neither doubles nor loses a job", async () => {
  world = await startGithubWorld({ courses: { long: { seconds: 300 } } });
  const long = world.job("long");
  await world.until("the job to run", () => long.status === "in_progress");
  const before = world.github.sets[0]?.session?.sessionId;
  await world.fleet.restart();
  world.job("next");
  await world.atRest();
  expect(world.github.sets).toHaveLength(1);
  expect(world.github.sets[0]?.session?.sessionId).not.toBe(before);
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("messages that come twice and in a wrong order start nothing again", async () => {
  world = await startGithubWorld({ courses: { b: { seconds: 600 } } });
  world.job("a");
  const running = world.job("b");
  await world.until("one to run long", () => running.status === "in_progress");
  const [set] = world.github.sets;
  if (set) for (let n = 0; n < 3; n += 1) world.github.scaleSets.tellAgain(set);
  await world.atRest();
  expect(world.vms()).toHaveLength(2);
  await expectClean();
});

test("GitHub is away for an hour: what runs goes on, what was queued meanwhile is served after", async () => {
  world = await startGithubWorld({ courses: { long: { seconds: 1800 } } });
  const long = world.job("long");
  await world.until("the job to run", () => long.status === "in_progress");
  world.github.down(true);
  world.job("meanwhile");
  await world.pass(3600, 20);
  expect(world.live().every(({ end }) => end === null)).toBe(true);
  world.github.down(false);
  await world.atRest();
  expect(world.github.jobs.all.map(({ conclusion }) => conclusion)).toEqual(["success", "success"]);
  await expectClean();
});

test("GitHub goes away before a guest has its runner: no VM after VM is booted in vain, and the job is served after", async () => {
  world = await startGithubWorld();
  world.lose(0, 1);
  const job = world.job("early");
  await world.until("a VM on its way", () => world.live().length === 1);
  world.github.down(true);
  world.lose();
  await world.pass(1800, 20);
  expect(world.vms()).toHaveLength(1);
  world.github.down(false);
  await world.until("the job to be served", () => job.status === "completed");
  expect(job.conclusion).toBe("success");
  await world.atRest();
  await expectClean();
});

test("tokens that are over before their time are renewed", async () => {
  world = await startGithubWorld();
  world.job("first");
  await world.atRest();
  await world.pass(30);
  world.github.auth.revokeAll();
  world.github.scaleSets.expireTokens();
  world.job("second");
  await world.atRest();
  expect(world.github.auth.issued.installation).toBeGreaterThan(1);
  await expectClean();
});

test("a service that has had enough is left alone for as long as it says, and the job is served after", async () => {
  world = await startGithubWorld();
  const enough = () => Response.json({ message: "" }, { status: 429, headers: { "retry-after": "300" } });
  world.github.failWith(({ url }) => (url.includes("/_services/") ? enough() : undefined));
  await world.pass(60);
  const asked = world.github.requests.length;
  world.job("a");
  await world.pass(240);
  const service = world.github.requests.slice(asked).filter((line) => line.includes("/_services/"));
  expect(service).toEqual([]);
  world.github.failWith(undefined);
  await world.atRest();
  await expectClean();
});

test("a host that dies with a job takes the job along, and the next is served by another", async () => {
  world = await startGithubWorld({ courses: { doomed: { seconds: 600 } } });
  const doomed = world.job("doomed");
  await world.until("the job to run", () => doomed.status === "in_progress");
  const host = world.live()[0]?.host;
  world.lose(host === "mac-1" ? 0 : 1);
  world.github.finish(doomed.id, "failure");
  world.job("next");
  await world.until("the next to be done", () => world.github.jobs.all[1]?.status === "completed");
  expect(doomed.starts).toBe(1);
});

test("docs/ci/github.md tells of every metric, and of no other", async () => {
  world = await startGithubWorld({ hosts: 0 });
  const docs = readFileSync(new URL("../../../../../docs/ci/github.md", import.meta.url), "utf8");
  const told = [...docs.matchAll(/^\| `(tartfleet_\w+)`/gm)].map(([, name]) => name);
  const names = namesOf(await world.fleet.useCases.metrics()).filter((name) => name.includes("_github_"));
  expect(new Set(told)).toEqual(new Set(names));
});
