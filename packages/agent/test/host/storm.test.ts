import type { Assignment } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TartFailureClass } from "../../src/tart/failure-classes.ts";
import { assignment, gone, nameOf } from "../support/assignments.ts";
import { startAgent, type Disk, type FakeAgent } from "../support/fake-agent.ts";
import { addForeign, createWorld, macosRunning, type FakeWorld } from "../support/fake-world.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

/** What may happen to a host: from its control plane, to its agent, by tart, in guests, by a person. */
const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("want" as const), n: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("gone" as const), n: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("crash_at" as const),
      calls: fc.integer({ min: 1, max: 20 }),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("lose" as const, "connect" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("shutdown" as const), n: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      command: fc.constantFrom("list", "pull", "clone", "set", "stop", "delete"),
      failure: fc.constantFrom<TartFailureClass>("TIMED_OUT", "UNREADABLE", "NET", "STILL_RUNNING"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("hidden" as const), n: fc.integer({ min: 0, max: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("foreign" as const) }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const LINUX = assignment(5, { os: "linux", image: "ghcr.io/org/linux:latest" });

const story = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 15_000 }), happening }), {
  maxLength: 30,
});

/** The control plane's side: what it wants, by VM. */
type Wishes = Map<number, Assignment>;

interface Scene {
  world: FakeWorld;
  disk: Disk;
  wishes: Wishes;
  agent: FakeAgent;
}

function restart(scene: Scene): void {
  scene.agent.life.end();
  scene.agent = startAgent(scene.world, scene.disk);
  scene.agent.connect();
  send(scene);
}

function send({ agent, wishes }: Scene): void {
  agent.want(...wishes.values());
}

function happen(scene: Scene, what: Happening): void {
  const { world, wishes } = scene;
  switch (what.kind) {
    case "want":
      // What was wanted gone is never wanted again: its VM has ended, or has another attempt.
      if (!wishes.has(what.n)) wishes.set(what.n, what.n === 5 ? LINUX : assignment(what.n));
      return send(scene);
    case "gone": {
      const wish = wishes.get(what.n);
      if (wish) wishes.set(what.n, gone(wish));
      return send(scene);
    }
    case "crash":
      return restart(scene);
    case "crash_at":
      return scene.agent.life.endAfter(what.calls, what.when);
    case "lose":
      return scene.agent.lose();
    case "connect":
      return scene.agent.connect();
    case "shutdown":
      return world.endRun(nameOf(assignment(what.n)), "guest has stopped the virtual machine", {
        exitCode: 0,
        signal: null,
      });
    case "fault":
      world.faults.set(what.command, [what.failure]);
      return;
    case "hidden":
      world.hiddenSlots = what.n;
      return;
    case "foreign":
      if (!world.vms.has("somebodys") && macosRunning(world) < 2)
        addForeign(world, "somebodys", "macos", true);
      return;
    default:
      what satisfies never;
  }
}

test("whatever happens: never three, never a second start, nothing foreign touched; and in the end all is as wanted", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      const world = createWorld(createVirtualClock());
      const disk: Disk = new Map();
      const agent = startAgent(world, disk);
      const scene: Scene = { world, disk, wishes: new Map(), agent };
      agent.connect();
      for (const { afterMs, happening } of steps) {
        await world.clock.advance(afterMs);
        if (scene.agent.life.isOver()) restart(scene);
        happen(scene, happening);
        checkSafety(world);
      }
      // Then everything is healed and nothing is wanted any more.
      world.faults.clear();
      world.hiddenSlots = 0;
      restart(scene);
      for (const [n, wish] of scene.wishes) scene.wishes.set(n, gone(wish));
      send(scene);
      const isEmpty = () => [...world.vms.keys()].every((name) => name === "somebodys");
      await world.clock.until("an empty host", isEmpty, 900_000);
      await world.clock.advance(60_000);
      checkSafety(world);
      expect([...disk.keys()]).toEqual([]);
      const reported = new Set(
        scene.agent.reports.filter(({ kind }) => kind === "gone").map(({ vmId }) => vmId),
      );
      expect(reported).toEqual(new Set([...scene.wishes.values()].map(({ vmId }) => vmId)));
      await scene.agent.stop();
    }),
    { numRuns: 200 },
  );
});

function checkSafety(world: FakeWorld): void {
  expect(world.mostMacosRunning).toBeLessThanOrEqual(2);
  // A person may start a VM between a look and the run that follows it; nobody else does.
  if (!world.vms.has("somebodys")) expect(world.thirdsAskedFor).toBe(0);
  for (const [name, starts] of world.starts) expect([name, starts]).toEqual([name, 1]);
  expect(world.acts.filter((act) => act.includes("somebodys"))).toEqual([]);
}
