import { afterEach, expect, test } from "vitest";
import { RUNNER, startGithubWorld, type GithubWorld } from "../../support/world/github.ts";

let world: GithubWorld;
afterEach(() => world.close());

/** A world in which one runner waits for a job, and its guest. */
async function withIdleRunner() {
  world = await startGithubWorld({ runners: [{ ...RUNNER, min: 1, idleSeconds: 86_400 }] });
  await world.time.until("a runner listens", () => world.github.runners.all()[0]?.status === "online");
  const [runner] = world.github.runners.all();
  const [guest] = world.guests();
  if (!runner || !guest) throw new Error("there is no runner");
  return { runner, guest, record: () => world.plane.useCases.getVm(guest.vmId) };
}

test("a runner that is registered for a VM that has ended is removed at the second sighting", async () => {
  const { runner, guest, record } = await withIdleRunner();
  guest.end("guest_crashed");
  await world.time.until("its VM to be gone", () => record().endedAt !== null);
  expect(world.github.runners.byId(runner.id)).toBeDefined();
  await world.time.pass(130_000);
  expect(world.github.runners.byId(runner.id)).toBeUndefined();
  expect(await world.metric('tartfleet_github_removed_total{kind="ghost"}')).toBe(1);
});

test("runners of another fleet and of people are left alone", async () => {
  world = await startGithubWorld();
  for (const name of ["a-persons-mac", "ios-aaaaaaaaaaaaaaaa-1-bbbb"])
    world.github.runners.register({ name, labels: ["ios"], scope: "orgs/acme", groupId: 1, setId: null });
  await world.time.pass(400_000);
  expect(world.github.runners.all()).toHaveLength(2);
});

test("a VM whose runner GitHub does not list is ended at the second sighting, and another comes", async () => {
  const { runner, record } = await withIdleRunner();
  world.github.runners.forget(runner.id);
  await world.time.pass(240_000);
  expect(record().endedAt).toBeNull();
  await world.time.until("its VM to be gone", () => record().endedAt !== null);
  expect(record().end?.reason).toBe("not_registered");
  await world.time.until("another listens", () => world.github.runners.all()[0]?.status === "online");
  expect(await world.metric('tartfleet_github_removed_total{kind="mute"}')).toBe(1);
});
