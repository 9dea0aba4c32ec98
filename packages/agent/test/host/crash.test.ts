import { describe, expect, test } from "vitest";
import { assignment, gone, nameOf } from "../support/assignments.ts";
import { startAgent, type Disk, type FakeAgent } from "../support/fake-agent.ts";
import { addForeign, createWorld, type FakeWorld } from "../support/fake-world.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const VM = assignment(1);
const NAME = nameOf(VM);

interface Scene {
  world: FakeWorld;
  disk: Disk;
}

function newScene(): Scene {
  const world = createWorld(createVirtualClock());
  addForeign(world, "somebodys-mac", "macos", true);
  return { world, disk: new Map() };
}

const isReady = ({ reports }: FakeAgent) =>
  reports.some((report) => report.kind === "phase" && report.phase === "ready");
const isGone = ({ reports }: FakeAgent) => reports.some(({ kind }) => kind === "gone");

/** How many calls to tart, guests and journal the way up, and the way down, take without a crash. */
async function countCalls(): Promise<{ up: number; down: number }> {
  const { world, disk } = newScene();
  const agent = startAgent(world, disk);
  agent.connect();
  agent.want(VM);
  await world.clock.until("ready", () => isReady(agent));
  const up = agent.life.calls();
  agent.want(gone(VM));
  await world.clock.until("gone", () => isGone(agent));
  const down = agent.life.calls() - up;
  await agent.stop();
  return { up, down };
}

const { up, down } = await countCalls();

/** Dying before or after each call; what was begun then goes on while, or is over when, the next agent comes. */
const points = (count: number) =>
  Array.from({ length: count }, (_, at) => at + 1).flatMap((calls) =>
    (["before", "after"] as const).flatMap((when) =>
      [0, 150, 30_000].map((restartMs) => ({ calls, when, restartMs })),
    ),
  );

describe(`an agent that dies before or after any of its ${up + down} calls`, () => {
  test.each(points(up))(
    "on the way up ($when call $calls, $restartMs ms): the next one brings the VM up, once",
    async (crash) => {
      const { world, disk } = newScene();
      world.refusesClash = crash.calls % 2 === 0;
      const first = startAgent(world, disk, { crash });
      first.connect();
      first.want(VM);
      await world.clock.until("the crash", () => first.life.isOver());
      await world.clock.advance(crash.restartMs);

      const second = startAgent(world, disk);
      second.connect();
      second.want(VM);
      await world.clock.until("ready", () => isReady(second), 600_000);
      const vm = world.vms.get(NAME);
      expect(vm).toMatchObject({ configured: true, runnersStarted: 1 });
      expect(vm?.run).not.toBeNull();
      expect(world.acts.filter((act) => act === `run ${NAME}`)).toHaveLength(1);
      expect(second.reports.filter(({ kind }) => kind !== "phase")).toEqual([]);
      expectForeignUntouched(world);
      await second.stop();
    },
  );

  test.each(points(down))(
    "on the way down ($when call $calls, $restartMs ms): the next one takes it down",
    async (crash) => {
      const { world, disk } = newScene();
      const first = startAgent(world, disk);
      first.connect();
      first.want(VM);
      await world.clock.until("ready", () => isReady(first));
      first.life.endAfter(crash.calls, crash.when);
      first.want(gone(VM));
      await world.clock.until("the crash", () => first.life.isOver());
      await world.clock.advance(crash.restartMs);

      const second = startAgent(world, disk);
      second.connect();
      second.want(gone(VM));
      await world.clock.until("gone", () => isGone(second), 600_000);
      expect([...world.vms.keys()]).toEqual(["somebodys-mac"]);
      expect([...disk.keys()]).toEqual([]);
      expect([...world.logs.keys()]).toEqual([]);
      expectForeignUntouched(world);
      await second.stop();
    },
  );
});

test.each(points(up))(
  "a VM that ended while no agent was there is not started again ($when call $calls, $restartMs ms)",
  async (crash) => {
    const { world, disk } = newScene();
    const first = startAgent(world, disk, { crash });
    first.connect();
    first.want(VM);
    await world.clock.until("the crash", () => first.life.isOver());
    await world.clock.advance(crash.restartMs);
    const hasRun = world.starts.has(NAME);
    world.endRun(NAME, "guest has stopped the virtual machine", { exitCode: 0, signal: null });

    const second = startAgent(world, disk);
    second.connect();
    second.want(VM);
    const isOver = () => second.reports.some(({ kind }) => kind === "run_ended");
    await world.clock.until("ready or ended", () => isOver() || (!hasRun && isReady(second)), 600_000);
    if (hasRun) expect(second.reports.at(-1)).toMatchObject({ cause: "guest_shutdown" });
    expect(world.starts.get(NAME) ?? 0).toBeLessThanOrEqual(1);
    await second.stop();
  },
);

test("nothing is left of an instance that somebody else removed, wherever the agent dies while it forgets it", async () => {
  for (const when of ["before", "after"] as const) {
    for (let calls = 1; calls <= 12; calls += 1) {
      const { world, disk } = newScene();
      const first = startAgent(world, disk);
      first.connect();
      first.want(VM);
      await world.clock.until("ready", () => isReady(first));
      first.life.end();
      world.endRun(NAME, "", { exitCode: null, signal: "SIGKILL" });
      world.vms.delete(NAME);

      const second = startAgent(world, disk, { crash: { calls, when } });
      second.connect();
      second.want();
      await world.clock.advance(60_000);
      second.life.end();
      const third = startAgent(world, disk);
      third.connect();
      third.want();
      await world.clock.advance(60_000);
      expect({ disk: [...disk.keys()], logs: [...world.logs.keys()] }).toEqual({ disk: [], logs: [] });
      await third.stop();
    }
  }
});

test("a guest whose runner the control plane knows to be started is not set up again, journal or not", async () => {
  const { world, disk } = newScene();
  const first = startAgent(world, disk);
  first.connect();
  first.want(VM);
  await world.clock.until("ready", () => isReady(first));
  first.life.end();
  disk.clear();

  const second = startAgent(world, disk);
  second.connect();
  second.want({ ...VM, reached: "ready" });
  await world.clock.until("ready", () => isReady(second));
  expect(world.acts.filter((act) => act.startsWith("provision"))).toHaveLength(1);
  expectForeignUntouched(world);
  await second.stop();
});

function expectForeignUntouched(world: FakeWorld): void {
  expect(world.vms.get("somebodys-mac")?.run).not.toBeNull();
  expect(world.acts.filter((act) => act.includes("somebodys-mac"))).toEqual([]);
  expect(world.mostMacosRunning).toBeLessThanOrEqual(2);
}
