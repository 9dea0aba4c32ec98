import { expect, describe, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { CI, startFleet } from "../support/fleet.ts";
import { always, seedPast } from "../support/past.ts";

const IMAGE = { reference: "ghcr.io/org/image:1", sizeGiB: 38 };
const KNOWN = {
  assigned: always(1),
  cloning: always(2),
  booting: always(20),
  provisioning: always(7),
  run: always(600),
  stop: always(5),
};

async function start(past: Parameters<typeof seedPast>[1] = KNOWN) {
  const database = openMemoryDatabase();
  seedPast(database, past);
  const fleet = await startFleet({ database });
  const explain = (id: string) => fleet.useCases.explainVm(id);
  const waiting = (id: string) => {
    const { waiting: facts } = explain(id);
    if (!facts) throw new Error("it does not wait");
    return facts;
  };
  return { fleet, explain, waiting };
}

type Agents = Awaited<ReturnType<Awaited<ReturnType<typeof startFleet>>["host"]>>[];

/** Time passes while agents are heard. */
async function pass(fleet: Awaited<ReturnType<typeof startFleet>>, agents: Agents, seconds: number) {
  for (let left = seconds; left > 0; left -= 5) {
    await fleet.clock.pass(Math.min(5, left) * 1000);
    for (const agent of agents) await agent.heartbeat();
  }
}

describe("peers §4 row 6: why is it queued, how many before me, when", () => {
  test("a waiting VM is told its place, what the hosts say, what it waits for and when that is", async () => {
    const { fleet, explain, waiting } = await start();
    const agents = [
      await fleet.host("mac-1", { images: [IMAGE] }),
      await fleet.host("mac-2", { images: [IMAGE] }),
    ];
    const running = [];
    for (const seconds of [100, 100, 100, 100]) {
      running.push(await fleet.create());
      for (const agent of agents) await agent.bringUpAll();
      await pass(fleet, agents, seconds);
    }
    // They run for 400, 300, 200 and 100 s now, of 600, and each stop takes 5.
    await fleet.create();
    await fleet.create();
    const id = await fleet.create();
    expect(waiting(id)).toMatchObject({
      position: { team: "default", priority: "default", inClass: 3, ofClass: 3, inTeam: 3, waiting: 3 },
      hosts: { total: 2, groups: [{ reason: "slots", hosts: 2, names: ["mac-1", "mac-2"], text: "full" }] },
      unblock: { what: "slots", text: "a VM on one of 2 full hosts must end." },
      etaUnknown: null,
    });
    const seconds = (time: string | null | undefined) => (Date.parse(time ?? "") - fleet.clock.now()) / 1000;
    const { eta } = waiting(id);
    expect([eta?.startP50, eta?.startP90, eta?.readyP50].map(seconds)).toEqual([405, 405, 435]);
    expect(explain(id).summary).toBe(
      "It waits, number 3 of 3 in class default of team default: a VM on one of 2 full hosts must end.",
    );
    expect(explain(id).details).toEqual([
      "2 hosts: 2 full.",
      "It is number 3 of 3 in its team; 3 wait in the fleet. 2 other VMs start before it.",
      "It starts in about 7 min, in nine of ten cases within 7 min (by the 20 newest runs), and is ready about 30 s later.",
      "Its queue timeout ends its wait in 24 h.",
    ]);

    // And so it comes.
    let waited = 0;
    const endsAt = [200, 300, 400];
    for (const [index, at] of endsAt.entries()) {
      await pass(fleet, agents, at - waited);
      await fleet.useCases.endVm(CI, running[index] ?? "", {});
      await pass(fleet, agents, 5);
      waited = at + 5;
      expect(fleet.state(id)).toBe("queued");
      for (const agent of agents) await agent.removeAll();
    }
    expect(waited).toBe(405);
    expect(fleet.state(id)).toBe("assigned");
    fleet.close();
  });

  test("every host says why: silent, without the label, too small, pulling the image; and what never comes says so", async () => {
    const { fleet, waiting } = await start();
    const agents = [
      await fleet.host("mac-1", { labels: { xcode: "15" } }),
      await fleet.host("mac-2", { labels: { xcode: "16" }, cpu: 4 }),
      await fleet.host("mac-3", { labels: { xcode: "16" }, cpu: 12 }),
      await fleet.host("mac-4", { labels: { xcode: "16" }, cpu: 12 }),
    ];
    await pass(fleet, agents.slice(0, 3), 40);
    await fleet.create({ hostLabels: { xcode: "16" }, cpu: 12 });
    const id = await fleet.create({ hostLabels: { xcode: "16" }, cpu: 12 });
    expect(waiting(id).hosts.groups).toEqual([
      { reason: "cpu", hosts: 1, names: ["mac-3"], text: "without 12 free cores" },
      { reason: "silent", hosts: 1, names: ["mac-4"], text: "silent" },
      { reason: "too_small", hosts: 1, names: ["mac-2"], text: "too small (4 cores, 32768 MiB)" },
      { reason: "labels", hosts: 1, names: ["mac-1"], text: "without label xcode=16" },
    ]);
    const never = await fleet.create({ hostLabels: { xcode: "17" }, allowPending: true });
    expect(waiting(never)).toMatchObject({
      unblock: {
        what: "never",
        text: "no host can ever take it; one with label xcode=17 must join the fleet.",
      },
      eta: null,
      etaUnknown: "no host can ever take it.",
    });
    fleet.close();
  });

  test("slots that are kept for another class are said to be, and a phantom, and an attempt that failed there", async () => {
    const priorityClasses = [
      { name: "release", reserved: 1 },
      { name: "default", reserved: 0 },
    ];
    const fleet = await startFleet({ config: { priorityClasses } });
    const mac = await fleet.host("mac-1");
    const first = await fleet.create();
    const id = await fleet.create();
    expect(fleet.useCases.explainVm(id).waiting).toMatchObject({
      unblock: { what: "reserved", text: "1 free slot is kept for class release; another must become free." },
      hosts: { groups: [{ reason: "fits", text: "free, pulling the image" }] },
    });
    const error = { code: "clone_failed" as const, message: "no", facts: {} };
    await mac.report({ kind: "failed", vmId: first, attempt: 1, phase: "cloning", error });
    await mac.removeAll();
    await mac.hello({ phantomSlots: 1 });
    expect(fleet.useCases.explainVm(first).details).toContain("Attempt 1 failed: no");
    const again = [first, id].find((vm) => fleet.state(vm) === "queued") ?? "";
    expect(fleet.useCases.explainVm(again).waiting?.hosts.groups).toEqual([
      {
        reason: "phantom",
        hosts: 1,
        names: ["mac-1"],
        text: "full, with a slot taken by something that is not tartfleet's",
      },
    ]);
    fleet.close();
  });

  test("one that will not start before its queue timeout is told so", async () => {
    const { fleet, explain } = await start();
    const mac = await fleet.host("mac-1", { images: [IMAGE] });
    await fleet.create();
    await fleet.create();
    await mac.bringUpAll();
    const id = await fleet.create({ queueTimeoutSeconds: 300 });
    expect(explain(id).details.at(-1)).toBe(
      "It will most likely not start in time: its queue timeout ends its wait in 5 min.",
    );
    fleet.close();
  });

  test("a cordon that ends by itself is foreseen, also where the fleet has no past", async () => {
    const { fleet, explain, waiting } = await start({});
    await fleet.host("mac-1");
    await fleet.useCases.cordonHost(CI, "mac-1", { reason: "os upgrade", forSeconds: 3600 });
    const id = await fleet.create();
    await fleet.clock.pass(600_000);
    const agentOfIt = await fleet.agentOf("mac-1", 1, "machine-mac-1");
    expect(waiting(id)).toMatchObject({
      unblock: { what: "cordoned" },
      hosts: { groups: [{ text: "cordoned by token ci (ci0): os upgrade (for another 50 min)" }] },
      eta: { startP50: new Date(fleet.clock.now() + 3_000_000).toISOString(), runs: 0 },
    });
    expect(explain(id).details[2]).toMatch(/^It starts in about 50 min, .* \(by what is known to end\)/);
    await pass(fleet, [agentOfIt], 3000);
    expect(fleet.state(id)).toBe("assigned");
    fleet.close();
  });

  test("where the fleet has no past yet, it says that it cannot know", async () => {
    const { fleet, waiting } = await start({});
    await fleet.host("mac-1");
    await fleet.create();
    await fleet.create();
    const id = await fleet.create();
    expect(waiting(id)).toMatchObject({
      eta: null,
      etaUnknown: "no VM of this fleet has come to its end yet, so nobody knows how long they take.",
    });
    fleet.close();
  });

  test("one that does not wait is told what it does, how long that takes as a rule, and when its time is over", async () => {
    const { fleet, explain } = await start();
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "booting" });
    await pass(fleet, [mac], 30);
    expect(explain(id)).toMatchObject({
      state: "booting",
      summary: "It boots, for 30 s now, usually 20 s; that is longer than usual. Its time is over in 2 min.",
      details: ["It is on mac-1, as attempt 1."],
      waiting: null,
      phase: { phase: "booting", seconds: 30, usual: { p50Seconds: 20, count: 20 }, isSlow: true },
    });
    const pulls = await fleet.create();
    await mac.report({ kind: "phase", vmId: pulls, attempt: 1, phase: "pulling", pullPercent: 42 });
    expect(explain(pulls).summary).toMatch(
      /^It waits for its image, which the host pulls, 42% there, for 0 s/,
    );
    await fleet.useCases.endVm(CI, id, {});
    await mac.removeAll();
    expect(explain(id)).toMatchObject({
      phase: null,
      summary: expect.stringMatching(/^It has ended: .* asked for it/),
    });
    fleet.close();
  });
});
