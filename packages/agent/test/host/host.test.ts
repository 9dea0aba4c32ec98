import type { Assignment, Report } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignment, gone, IMAGE, nameOf } from "../support/assignments.ts";
import { startAgent, type Disk } from "../support/fake-agent.ts";
import { addForeign, createWorld, PULL_BYTES } from "../support/fake-world.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

function scene() {
  const clock = createVirtualClock();
  return { clock, world: createWorld(clock) };
}

const phasesOf = (reports: readonly Report[]) =>
  reports.flatMap((report) => (report.kind === "phase" ? [report.phase] : []));
const kindsOf = (reports: readonly Report[]) => reports.map(({ kind }) => kind);
const isReady = (reports: readonly Report[], vmId: string) =>
  reports.some((report) => report.vmId === vmId && report.kind === "phase" && report.phase === "ready");
const isGone = (reports: readonly Report[], vmId: string) =>
  reports.some((report) => report.vmId === vmId && report.kind === "gone");

describe("bringing a VM up and down", () => {
  test("one that is kept warm comes up until its guest answers, over a restart too, and is set up once it is wanted", async () => {
    const { clock, world } = scene();
    const disk: Disk = new Map();
    const first = startAgent(world, disk);
    const vm = assignment(1, { warm: true, runnerKind: null });
    first.connect();
    first.want(vm);
    const stands = (reports: readonly Report[]) => phasesOf(reports).at(-1) === "provisioning";
    await clock.until("its guest to answer", () => stands(first.reports));
    await clock.advance(3_600_000);
    await first.stop();
    const agent = startAgent(world, disk);
    agent.connect();
    agent.want({ ...vm, reached: "provisioning" });
    await clock.until("its guest to answer again", () => stands(agent.reports));
    await clock.advance(60_000);
    expect(world.acts.filter((act) => act.startsWith("run ") || act.startsWith("provision "))).toEqual([
      `run ${nameOf(vm)}`,
    ]);

    agent.want({ ...assignment(1), reached: "provisioning" });
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    expect(world.acts.at(-1)).toBe(`provision ${nameOf(vm)} with ${vm.vmId}`);
    await agent.stop();
  });

  test("an attempt is pulled, cloned, configured, run, provisioned; and taken down by the first rung", async () => {
    const { clock, world } = scene();
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    expect([...new Set(phasesOf(agent.reports))]).toEqual([
      "pulling",
      "cloning",
      "booting",
      "provisioning",
      "ready",
    ]);
    expect(agent.reports.at(-1)).toMatchObject({
      ip: "192.168.64.7",
      imageDigest: `sha256:${"a".repeat(64)}`,
    });

    agent.want(gone(vm));
    await clock.until("gone", () => isGone(agent.reports, vm.vmId));
    const name = nameOf(vm);
    expect(world.acts).toEqual([
      `pull ${IMAGE}`,
      `pulled ${IMAGE}`,
      `clone ${name}`,
      `configure ${name}`,
      `run ${name}`,
      `provision ${name} with ${vm.vmId}`,
      `shutdown ${name}`,
      `delete ${name}`,
    ]);
    expect(world.vms.size).toBe(0);
    agent.want();
    await clock.advance(60_000);
    expect(kindsOf(agent.reports).filter((kind) => kind === "gone")).toHaveLength(1);
    await agent.stop();
  });

  test("a pull is told of with its bytes, the host's as well as the VM's", async () => {
    const { clock, world } = scene();
    world.pullMs = 60_000;
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    expect(agent.reports).toContainEqual(
      expect.objectContaining({ phase: "pulling", pullPercent: 75, pullTotalBytes: PULL_BYTES }),
    );
    const told = agent.views.flatMap(({ pulls }) => pulls);
    expect(told).toContainEqual({ reference: IMAGE, percent: 50, totalBytes: PULL_BYTES });
    expect(agent.views.at(-1)?.pulls).toEqual([]);
    await agent.stop();
  });

  test("a guest that does not obey is stopped by the next rungs, each reported", async () => {
    const { clock, world } = scene();
    world.shutdownMs = null;
    world.ignoresInterrupt = true;
    world.faults.set("stop", ["TIMED_OUT"]);
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    agent.want(gone(vm));
    await clock.until("gone", () => isGone(agent.reports, vm.vmId));
    const rungs = agent.reports.flatMap((report) =>
      report.kind === "stop_rung" ? [`${report.rung} ${report.outcome}`] : [],
    );
    expect(rungs).toEqual([
      "guest_shutdown timed_out",
      "tart_stop failed",
      "interrupt timed_out",
      "kill done",
      "delete done",
    ]);
    await agent.stop();
  });

  test("an image that two instances need is pulled once", async () => {
    const { clock, world } = scene();
    const agent = startAgent(world);
    const [a, b] = [assignment(1), assignment(2)];
    agent.connect();
    agent.want(a, b);
    await clock.until("both ready", () => [a, b].every(({ vmId }) => isReady(agent.reports, vmId)));
    expect(world.acts.filter((act) => act === `pull ${IMAGE}`)).toHaveLength(1);
    await agent.stop();
  });

  test.each([0, 5, 10, 15, 20, 25, 1000])(
    "nor again for one that comes %s ms into a look, with the image listed last before it was there",
    async (afterMs) => {
      const { clock, world } = scene();
      const agent = startAgent(world);
      const [a, b] = [assignment(1), assignment(2)];
      agent.connect();
      agent.want(a);
      await clock.until("ready", () => isReady(agent.reports, a.vmId));
      await clock.advance(11_000);
      const looks = agent.views.length;
      await clock.until("a look", () => agent.views.length > looks);
      await clock.advance(2980 + afterMs);
      agent.want(a, b);
      await clock.until("the other ready", () => isReady(agent.reports, b.vmId));
      expect(world.acts.filter((act) => act === `pull ${IMAGE}`)).toHaveLength(1);
      await agent.stop();
    },
  );

  test("gone during a pull cuts it off, but not for another instance that waits for it", async () => {
    const { clock, world } = scene();
    world.pullMs = 60_000;
    const agent = startAgent(world);
    const [a, b] = [assignment(1), assignment(2)];
    agent.connect();
    agent.want(a, b);
    await clock.until("pulling", () => phasesOf(agent.reports).length >= 2);
    await clock.advance(1000);
    agent.want(gone(a), b);
    await clock.until("a gone", () => isGone(agent.reports, a.vmId), 5000);
    await clock.until("b ready", () => isReady(agent.reports, b.vmId));
    agent.want(gone(b));
    await clock.until("b gone", () => isGone(agent.reports, b.vmId));
    expect(world.acts.filter((act) => act.startsWith("pull "))).toHaveLength(1);
    expect(world.acts.filter((act) => act.includes(nameOf(a)))).toEqual([]);
    await agent.stop();
  });

  test("a VM that shuts itself down is reported at once with its cause, and never started again", async () => {
    const { clock, world } = scene();
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    world.endRun(nameOf(vm), "guest has stopped the virtual machine", { exitCode: 0, signal: null });
    const since = clock.now();
    await clock.until("run_ended", () => kindsOf(agent.reports).includes("run_ended"));
    expect(clock.now() - since).toBeLessThan(500);
    expect(agent.reports.at(-1)).toMatchObject({ kind: "run_ended", cause: "guest_shutdown" });
    await clock.advance(600_000);
    expect(world.acts.filter((act) => act.startsWith("run "))).toHaveLength(1);
    expect(kindsOf(agent.reports).filter((kind) => kind === "run_ended")).toHaveLength(1);
    await agent.stop();
  });

  test("a guest that never answers fails the attempt after the boot budget, with the log", async () => {
    const { clock, world } = scene();
    world.bootMs = Number.POSITIVE_INFINITY;
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("failed", () => kindsOf(agent.reports).includes("failed"));
    expect(agent.reports.at(-1)).toMatchObject({
      phase: "booting",
      error: { code: "guest_unreachable", facts: { log: "" } },
    });
    agent.want(gone(vm));
    await clock.until("gone", () => isGone(agent.reports, vm.vmId));
    expect(world.acts).not.toContain(`shutdown ${nameOf(vm)}`);
    await agent.stop();
  });

  test("a guest gets as long to answer as its VM's request says, also beyond this host's own limit", async () => {
    const { clock, world } = scene();
    world.bootMs = 900_000;
    const agent = startAgent(world);
    agent.connect();
    const vm = { ...assignment(1), bootSeconds: 1200 };
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    await agent.stop();
  });

  test.each([
    ["pull", "NO_IMAGE", "pulling", "image_not_found"],
    ["clone", "DISK_FULL", "cloning", "host_disk_full"],
    ["set", "RESOURCES", "cloning", "resources_refused"],
  ] as const)("tart %s failing with %s fails the attempt while %s", async (command, fault, phase, code) => {
    const { clock, world } = scene();
    world.faults.set(command, [fault]);
    const agent = startAgent(world);
    agent.connect();
    agent.want(assignment(1));
    await clock.until("failed", () => kindsOf(agent.reports).includes("failed"));
    expect(agent.reports.at(-1)).toMatchObject({ kind: "failed", phase, error: { code } });
    const acts = world.acts.length;
    await clock.advance(600_000);
    expect(world.acts).toHaveLength(acts);
    await agent.stop();
  });

  test("a pull that loses the network is tried again", async () => {
    const { clock, world } = scene();
    world.faults.set("pull", ["NET", "NET"]);
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    await agent.stop();
  });

  test("nothing is done while the journal cannot be written", async () => {
    const { clock, world } = scene();
    const disk: Disk = new Map();
    disk.isFull = true;
    const agent = startAgent(world, disk);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.advance(60_000);
    expect(world.acts.filter((act) => act.startsWith("clone"))).toEqual([]);
    disk.isFull = false;
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    await agent.stop();
  });

  test("a listing that fails says nothing: no step, no gone", async () => {
    const { clock, world } = scene();
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    world.faults.set(
      "list",
      Array.from({ length: 20 }, () => "UNREADABLE" as const),
    );
    const before = agent.reports.length;
    await clock.advance(30_000);
    expect(agent.reports).toHaveLength(before);
    await agent.stop();
  });
});

describe("a list of tart's that is wrong", () => {
  test("what it leaves out is not gone while its process lives, for a restarted agent either", async () => {
    const { clock, world } = scene();
    const disk: Disk = new Map();
    const vm = assignment(1);
    const first = startAgent(world, disk);
    first.connect();
    first.want(vm);
    await clock.until("ready", () => isReady(first.reports, vm.vmId));
    world.lies.set(nameOf(vm), "absent");
    await clock.advance(10_000);
    expect(kindsOf(first.reports)).not.toContain("run_ended");
    await first.stop();

    const second = startAgent(world, disk);
    second.connect();
    second.want(gone(vm));
    await clock.until("gone", () => isGone(second.reports, vm.vmId));
    expect(world.vms.get(nameOf(vm))?.run).toBeNull();
    await second.stop();
  });

  test("what it calls stopped is stopped, not deleted, when another agent has started it", async () => {
    const { clock, world } = scene();
    const vm = assignment(1);
    const other = startAgent(world);
    other.connect();
    other.want(vm);
    await clock.until("ready", () => isReady(other.reports, vm.vmId));
    await other.stop();

    world.lies.set(nameOf(vm), "stopped");
    const agent = startAgent(world);
    agent.connect();
    agent.want(gone(vm));
    await clock.until("gone", () => isGone(agent.reports, vm.vmId));
    expect(world.acts.filter((act) => act.startsWith("delete"))).toHaveLength(1);
    await agent.stop();
  });
});

describe("the host's two slots", () => {
  test("with a foreign macOS VM running the agent starts one, and the other waits and then fails", async () => {
    const { clock, world } = scene();
    addForeign(world, "somebodys-mac", "macos", true);
    const agent = startAgent(world);
    const [a, b] = [assignment(1), assignment(2)];
    agent.connect();
    agent.want(a, b);
    await clock.until("failed", () => kindsOf(agent.reports).includes("failed"));
    expect(agent.reports.at(-1)).toMatchObject({ vmId: b.vmId, error: { code: "vm_limit_reached" } });
    expect(isReady(agent.reports, a.vmId)).toBe(true);
    expect(world.mostMacosRunning).toBe(2);
    expect(agent.views.at(-1)?.phantomSlots).toBe(1);
    await agent.stop();
  });

  test("Linux VMs do not count", async () => {
    const { clock, world } = scene();
    addForeign(world, "somebodys-linux", "linux", true);
    const image = "ghcr.io/org/linux:latest";
    const agent = startAgent(world);
    const all = [1, 2, 3, 4].map((n) => (n < 3 ? assignment(n) : assignment(n, { os: "linux", image })));
    agent.connect();
    agent.want(...all);
    await clock.until("all ready", () => all.every(({ vmId }) => isReady(agent.reports, vmId)));
    await agent.stop();
  });

  test("a macOS image that is asked for as Linux does not get round them", async () => {
    const { clock, world } = scene();
    const agent = startAgent(world);
    agent.connect();
    agent.want(assignment(1, { os: "linux" }));
    await clock.until("failed", () => kindsOf(agent.reports).includes("failed"));
    expect(agent.reports.at(-1)).toMatchObject({ error: { code: "image_unusable" } });
    expect(world.starts.size).toBe(0);
    await agent.stop();
  });

  test("macOS refusing a VM is tried again after about a minute and told as phantom slots", async () => {
    const { clock, world } = scene();
    world.hiddenSlots = 2;
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("refused", () => agent.views.at(-1)?.phantomSlots === 2);
    await clock.advance(40_000);
    expect(world.acts.filter((act) => act.startsWith("run "))).toHaveLength(1);
    world.hiddenSlots = 0;
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    expect(world.acts.filter((act) => act.startsWith("run "))).toHaveLength(2);
    await clock.advance(10_000);
    expect(agent.views.at(-1)?.phantomSlots).toBe(1);
    await agent.stop();
  });

  test("a slot that never comes free fails the attempt", async () => {
    const { clock, world } = scene();
    world.hiddenSlots = 2;
    const agent = startAgent(world);
    agent.connect();
    agent.want(assignment(1));
    await clock.until("failed", () => kindsOf(agent.reports).includes("failed"));
    expect(agent.reports.at(-1)).toMatchObject({ error: { code: "vm_limit_reached" } });
    await agent.stop();
  });
});

test("with any timing, of many VMs at once, each step is taken exactly once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        listMs: fc.integer({ min: 2, max: 900 }),
        cloneMs: fc.integer({ min: 2, max: 900 }),
        pullMs: fc.integer({ min: 4, max: 4000 }),
        bootMs: fc.integer({ min: 0, max: 6000 }),
        shutdownMs: fc.integer({ min: 0, max: 3000 }),
        arrivals: fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 4, maxLength: 4 }),
      }),
      async ({ arrivals, ...timing }) => {
        const { clock, world } = scene();
        Object.assign(world, timing);
        const agent = startAgent(world);
        const image = "ghcr.io/org/linux:latest";
        const all = [1, 2, 3, 4].map((n) => (n < 3 ? assignment(n) : assignment(n, { os: "linux", image })));
        const wanted: Assignment[] = [];
        agent.connect();
        for (const [at, vm] of all.entries()) {
          await clock.advance(arrivals[at] ?? 0);
          wanted.push(vm);
          agent.want(...wanted);
        }
        await clock.until("all ready", () => all.every(({ vmId }) => isReady(agent.reports, vmId)));
        agent.want(...all.map(gone));
        await clock.until("all gone", () => all.every(({ vmId }) => isGone(agent.reports, vmId)));
        for (const vm of all) {
          const name = nameOf(vm);
          expect(world.acts.filter((act) => act.includes(name))).toEqual([
            `clone ${name}`,
            `configure ${name}`,
            `run ${name}`,
            `provision ${name} with ${vm.vmId}`,
            `shutdown ${name}`,
            `delete ${name}`,
          ]);
        }
        expect(world.acts.filter((act) => act.startsWith("pull "))).toHaveLength(2);
        await agent.stop();
      },
    ),
    { numRuns: 60 },
  );
});

describe("what nobody wants", () => {
  test("an unwanted instance is removed after 30 s of being connected; a foreign VM never", async () => {
    const { clock, world } = scene();
    const stray = nameOf(assignment(9));
    addForeign(world, stray, "macos", true);
    addForeign(world, "tf-not-one-of-ours", "macos", false);
    addForeign(world, "my-mac", "macos", true);
    const agent = startAgent(world);
    await clock.advance(120_000);
    expect(world.vms.has(stray)).toBe(true);
    agent.connect();
    await clock.advance(120_000);
    expect(world.vms.has(stray)).toBe(true);
    agent.want();
    await clock.advance(25_000);
    agent.lose();
    await clock.advance(120_000);
    expect(world.vms.has(stray)).toBe(true);
    agent.connect();
    await clock.advance(4000);
    expect(world.vms.has(stray)).toBe(true);
    await clock.advance(20_000);
    expect([...world.vms.keys()].sort()).toEqual(["my-mac", "tf-not-one-of-ours"]);
    expect(world.acts.filter((act) => act.includes("my-mac") || act.includes("not-one"))).toEqual([]);
    await agent.stop();
  });

  test("what another log wanted is neither gone on with nor taken down until the new log has spoken", async () => {
    const { clock, world } = scene();
    const agent = startAgent(world);
    const [a, b] = [assignment(1), assignment(2)];
    agent.connect();
    agent.want(a);
    await clock.until("ready", () => isReady(agent.reports, a.vmId));
    agent.want(gone(a), b);
    agent.host.onWelcome({ logId: "log-2", epoch: 1, heartbeatSeconds: 5, leaseSeconds: 15 });
    await clock.advance(120_000);
    expect(world.vms.get(nameOf(a))?.run).not.toBeNull();
    expect(world.vms.has(nameOf(b))).toBe(false);
    agent.host.onSet({ logId: "log-2", revision: 1, assignments: [a, b] });
    await clock.until("both ready", () => isReady(agent.reports, b.vmId));
    expect(world.vms.get(nameOf(a))?.run).not.toBeNull();
    await agent.stop();
  });

  test("another log begins the grace anew, and only its own set counts", async () => {
    const { clock, world } = scene();
    const agent = startAgent(world);
    const vm = assignment(1);
    agent.connect();
    agent.want(vm);
    await clock.until("ready", () => isReady(agent.reports, vm.vmId));
    agent.want();
    await clock.advance(25_000);
    agent.lose();
    agent.host.onWelcome({ logId: "log-2", epoch: 1, heartbeatSeconds: 5, leaseSeconds: 15 });
    await clock.advance(300_000);
    expect(world.vms.has(nameOf(vm))).toBe(true);
    agent.host.onSet({ logId: "log-2", revision: 1, assignments: [] });
    await clock.advance(25_000);
    expect(world.vms.has(nameOf(vm))).toBe(true);
    await clock.advance(20_000);
    expect(world.vms.has(nameOf(vm))).toBe(false);
    await agent.stop();
  });
});
