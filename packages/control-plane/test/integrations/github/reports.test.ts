import { afterEach, expect, test } from "vitest";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/github-world.ts";

let world: GithubWorld;
afterEach(() => world.close());

const reports = () => world.github.reports.all;

test.each([
  ["status", "webhook", "token", "error", "success"],
  ["check", "scale-set", "app", "failure", "neutral"],
] as const)(
  "a %s (%s, %s) says at the job's commit why its VMs fail, once, and once that they do no more",
  async (report, mode, auth, failure, resolved) => {
    world = await startGithubWorld({ runners: [{ ...RUNNER, mode, report }], broken: 3, auth });
    const job = world.job("a");
    await world.until("a second failure", () => world.vms().length > 2);
    const { repository, headSha: sha } = job;
    const own = { kind: report, repository, sha, name: "tartfleet/ios" };
    expect(reports()).toEqual([
      { ...own, state: failure, title: "No runner yet: VM could not be brought up: image_unusable" },
    ]);
    await world.until("the job to be served", () => job.status === "completed");
    await world.pass(120);
    expect(reports().slice(1)).toMatchObject([{ ...own, state: resolved }]);
    expect(await world.metric('tartfleet_github_reports_total{runner="ios",outcome="done"}')).toBe(2);
  },
);

test("hosts and their paths are not told to who reads the repository", async () => {
  world = await startGithubWorld({ runners: [{ ...RUNNER, report: "check" }], broken: 1 });
  const bodies: string[] = [];
  world.github.failWith((request) => {
    if (request.url.endsWith("/check-runs"))
      void request
        .clone()
        .text()
        .then((body) => bodies.push(body));
    return undefined;
  });
  world.job("a");
  await world.until("a report", () => bodies.length === 1);
  const vm = world.vms().at(-1);
  expect(bodies[0]).toContain(vm?.id);
  expect(bodies[0]).toContain("ghcr.io/org/image:1");
  expect(bodies[0]).not.toMatch(/mac-1|Users/);
});

test("each run that waits is told of, and a restart tells nobody twice", async () => {
  world = await startGithubWorld({ runners: [{ ...RUNNER, report: "status" }], broken: 5 });
  for (const name of ["a", "b", "c"]) world.job(name);
  await world.until("three reports", () => reports().length === 3);
  expect(new Set(reports().map(({ sha }) => sha)).size).toBe(3);
  await world.fleet.restart();
  await world.until("another failure", () => world.vms().length > 3);
  await world.pass(60);
  expect(reports().filter(({ state }) => state === "error")).toHaveLength(3);
  await world.until("all to be served", () =>
    world.github.jobs.all.every(({ status }) => status === "completed"),
  );
  await world.pass(120);
  expect(reports().filter(({ state }) => state === "success")).toHaveLength(3);
});

test("without the permission it is said once which one is needed, and jobs are served all the same", async () => {
  world = await startGithubWorld({ runners: [{ ...RUNNER, report: "status" }], broken: 3 });
  world.github.reports.allow(false);
  const job = world.job("a");
  await world.until("the job to be served", () => job.status === "completed");
  const told = world.told.filter((line) => line.includes("report_refused"));
  expect(told).toEqual([expect.stringContaining("Commit statuses: read and write")]);
  expect(reports()).toEqual([]);
});

test("nothing is told where a definition does not want it, or VMs do not fail", async () => {
  world = await startGithubWorld({
    runners: [RUNNER, { ...RUNNER, name: "other", labels: ["other"], report: "status" }],
    broken: 1,
  });
  world.job("a");
  world.job("b", ["other"]);
  await world.atRest();
  const failed = world.vms().filter(({ end }) => end?.reason === "start_failed");
  expect(reports().length).toBe(failed.filter(({ name }) => name?.startsWith("other")).length * 2);
});
