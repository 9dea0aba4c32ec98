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

test("docs/ci/github.md tells of every metric, and of no other", async () => {
  world = await startGithubWorld({ hosts: 0 });
  const docs = readFileSync(new URL("../../../../../docs/ci/github.md", import.meta.url), "utf8");
  const told = [...docs.matchAll(/^\| `(tartfleet_\w+)`/gm)].map(([, name]) => name);
  const names = namesOf(await world.fleet.useCases.metrics()).filter((name) => name.includes("_github_"));
  expect(new Set(told)).toEqual(new Set(names));
});
