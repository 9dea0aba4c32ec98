import { afterEach, expect, test } from "vitest";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/world/github.ts";
import { expectNothingLeft } from "../../support/world/nothing-left.ts";

let world: GithubWorld;
afterEach(() => world.close());

const toldOf = (what: string) => world.told.filter((line) => line.startsWith(what));

test("a queue that fails while sessions are opened is asked less and less, and told of once", async () => {
  world = await startGithubWorld({ macs: 0 });
  const inVain = () => new Response("broken", { status: 500 });
  world.github.failWith(({ url }) => (url.includes("/tenant/queue/") ? inVain() : undefined));
  world.github.scaleSets.expireTokens();
  await world.time.pass(600_000);
  const sessions = world.github.requests.filter((line) => /^POST .*\/sessions$/.test(line));
  expect(sessions.length).toBeLessThan(20);
  expect(toldOf("GitHub cannot be listened to")).toHaveLength(1);
  world.github.failWith(undefined);
  await world.time.pass(120_000);
  expect(toldOf("GitHub is listened to again")).toHaveLength(1);
});

test("a queue that answers at once that there is nothing is not asked without end", async () => {
  world = await startGithubWorld({ macs: 0 });
  let asked = 0;
  world.github.failWith(({ url }) => {
    if (!url.includes("/tenant/queue/")) return undefined;
    asked += 1;
    return new Response(null, { status: 202 });
  });
  world.github.scaleSets.expireTokens();
  await world.time.pass(60_000);
  expect(asked).toBeGreaterThan(10);
  expect(asked).toBeLessThanOrEqual(61);
});

test("while GitHub does not answer, that is told of once for each thing that is asked", async () => {
  world = await startGithubWorld({ macs: 0, mode: "webhook" });
  await world.time.pass(60_000);
  world.github.down(true);
  await world.time.pass(1_800_000);
  expect(toldOf("missed webhooks cannot be fetched")).toHaveLength(1);
  expect(toldOf("GitHub cannot be looked through")).toHaveLength(1);
});

test("an App whose webhook tells of a scale set's jobs too has each of them counted once", async () => {
  world = await startGithubWorld({
    runners: [RUNNER, { ...RUNNER, name: "others", mode: "webhook", labels: ["others"] }],
    courses: { build: { seconds: 300 } },
  });
  const job = world.job("build");
  await world.time.until("the VM boots", () => world.live()[0]?.state === "booting");
  // Its queue is slower than the webhook.
  world.delayQueues(5000);
  await world.time.until("the job runs", () => job.status === "in_progress");
  await world.time.pass(100);
  expect(world.vms()).toHaveLength(1);
  await expectNothingLeft(world);
  expect(world.vms()).toHaveLength(1);
});
