import { afterEach, expect, test } from "vitest";
import { makeActionsService } from "../../../src/integrations/github/actions-service.ts";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/github-world.ts";

let world: GithubWorld;
afterEach(() => world.close());

const HOOKED = { ...RUNNER, mode: "webhook" as const };
const asked = (what: RegExp) => world.github.requests.filter((line) => what.test(line)).length;
const told = (what: RegExp) => world.told.filter((line) => what.test(line)).length;

test.each(["scale-set", "webhook"] as const)(
  "runners of mode %s are in the group that the definition names",
  async (mode) => {
    world = await startGithubWorld({
      runners: [{ ...RUNNER, mode, runnerGroup: "macs" }],
      courses: { a: { seconds: 60 } },
    });
    const job = world.job("a");
    await world.until("the job to run", () => job.status === "in_progress");
    expect(world.github.runners.byId(job.runner?.id ?? 0)?.groupId).toBe(2);
  },
);

test("a group that is not there is told of once, no VM is booted for it, and it is asked for ten minutes later", async () => {
  world = await startGithubWorld({ runners: [{ ...HOOKED, runnerGroup: "nowhere" }] });
  world.job("a");
  await world.pass(500);
  expect(told(/no runner group nowhere .*runner_group_not_found/)).toBe(1);
  expect(asked(/runner-groups$/)).toBe(1);
  expect(world.vms()).toEqual([]);
  await world.pass(200);
  expect(told(/runner_group_not_found/)).toBe(1);
  expect(asked(/runner-groups$/)).toBe(2);
});

test("the same of a scale set", async () => {
  world = await startGithubWorld({ runners: [{ ...RUNNER, runnerGroup: "nowhere" }], listens: false });
  await world.pass(500);
  expect(told(/no runner group nowhere .*runner_group_not_found/)).toBe(1);
  expect(asked(/runnergroups\/$/)).toBe(1);
  await world.pass(200);
  expect(asked(/runnergroups\/$/)).toBe(2);
});

test("a group that lets nobody in is told of, and its VMs do not come again and again", async () => {
  world = await startGithubWorld({ runners: [{ ...HOOKED, runnerGroup: "secret" }], hosts: 1 });
  world.job("a");
  await world.pass(400);
  expect(told(/lets no runner into the runner group secret.*runner_group_refused/)).toBe(1);
  expect(asked(/generate-jitconfig$/)).toBe(1);
  expect(world.vms()).toHaveLength(1);
});

test("a scale set of that name in another group is told of with what to do", async () => {
  world = await startGithubWorld({ hosts: 0 });
  const { url, fetch, auth } = world.github;
  const registrationToken = () => Promise.resolve(auth.newRegistrationToken().token);
  const service = makeActionsService(
    { url, scope: RUNNER.scope },
    { api: { registrationToken }, fetch, now: Date.now },
  );
  await expect(service.ensureSet({ ...RUNNER, runnerGroup: "macs" })).rejects.toMatchObject({
    code: "scale_set_elsewhere",
    message: expect.stringMatching(/ios is there already, in another runner group/),
  });
});
