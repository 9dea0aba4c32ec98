import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { meta } from "../../src/store/schema.ts";
import { CI, settle, startFleet } from "../support/fleet.ts";

const RUNNER = { kind: "script" as const, script: "true" };
const MINUTE = 60_000;

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
  onTestFinished(() => {
    expect(fleet.errors).toEqual([]);
    fleet.close();
  });
});

type Agent = Awaited<ReturnType<typeof fleet.host>>;

/** Time passes in which agents are heard and do as they are told. */
async function minutes(count: number, ...agents: Agent[]): Promise<void> {
  for (let step = 0; step < count * 6; step += 1) {
    for (const agent of agents) {
      await agent.heartbeat();
      await agent.removeAll();
      await agent.bringUpAll();
    }
    await fleet.clock.pass(10_000);
  }
}

const states = () => fleet.warm().map(({ state }) => state);

describe("a create that took a warm VM loses nothing", () => {
  test("when it turns out to be dead: its next attempt boots, elsewhere, with the same secrets", async () => {
    const one = await fleet.host("mac-1");
    await fleet.pool("xcode");
    await one.bringUpAll();
    const [warm] = fleet.warm();
    const two = await fleet.host("mac-2");
    const id = await fleet.create({ runner: RUNNER, env: { KEY: "secret" } });
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "provisioning", host: "mac-1" });
    // Its agent sees that it is dead before it was set up: nothing can have run there.
    const named = { vmId: warm?.id ?? "", attempt: 1 };
    await one.report({ kind: "run_ended", ...named, cause: "guest_crashed", logTail: "" });
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", attempt: 2, host: "mac-2" });
    await one.removeAll();
    const secrets = await fleet.useCases.agent.bootstrap(two.host, two.epoch, { vmId: id, attempt: 2 });
    expect(secrets.env["KEY"]?.reveal()).toBe("secret");
    expect(secrets.forVm).toBeUndefined();
    // What the former instance's agent says late is of the former attempt.
    await one.report({ kind: "gone", ...named });
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", attempt: 2 });
    await two.bringUpAll();
    expect(fleet.state(id)).toBe("ready");
  });

  test("but what may have run is never run twice: once it was set up, its end is its end", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode");
    await mac.bringUpAll();
    const named = { vmId: fleet.warm()[0]?.id ?? "", attempt: 1 };
    const id = await fleet.create({ runner: RUNNER });
    await fleet.useCases.agent.bootstrap(mac.host, mac.epoch, named);
    await mac.report({ kind: "run_ended", ...named, cause: "guest_crashed", logTail: "" });
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "stopping", end: { reason: "guest_crashed" } });
  });

  test("when its host does not answer: it is given up with its provision budget, and tried again", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode");
    await mac.bringUpAll();
    const id = await fleet.create();
    await fleet.clock.pass(20_000);
    expect(fleet.state(id)).toBe("provisioning");
    // It falls silent.
    await fleet.clock.pass(2 * MINUTE);
    expect(fleet.state(id)).toBe("queued");
  });
});

describe("a restart of the control plane", () => {
  test("leaves warm VMs as they are, and what was taken with who took it", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode", { minIdle: 2, max: 2 });
    await mac.bringUpAll();
    const id = await fleet.create({ runner: RUNNER });
    const before = fleet.warm().map((vm) => vm.id);
    await fleet.restart();
    await mac.hello();
    expect(fleet.warm().map((vm) => vm.id)).toEqual(before);
    await mac.bringUpAll();
    expect(fleet.state(id)).toBe("ready");
    const next = await fleet.create();
    expect(fleet.state(next)).toBe("provisioning");
    expect(fleet.useCases.getPool("xcode")).toMatchObject({ hits: 2 });
  });
});

test("after a restore from a backup none is given away: who has it since is not known", async () => {
  const database = openMemoryDatabase();
  const restored = await startFleet({ database });
  const mac = await restored.host("mac-1");
  await restored.pool("xcode");
  await mac.bringUpAll();
  const [warm] = restored.warm();
  const at = String(restored.clock.now());
  database.db.insert(meta).values({ key: "restored_at", value: at }).run();
  await restored.clock.pass(1000);
  await restored.restart();
  const id = await restored.create();
  await mac.hello();
  expect(restored.state(id)).toBe("assigned");
  expect(restored.useCases.getVm(warm?.id ?? "")).toMatchObject({
    state: "stopping",
    end: { message: "The database was restored: who has it now is not known." },
  });
  restored.close();
});

describe("who takes a warm VM", () => {
  test("is asked for in the same make alone", async () => {
    const mac = await fleet.host("mac-1", { labels: { zone: "a" } });
    await fleet.pool("xcode", { minIdle: 1, max: 1, cpu: 4, hostLabels: { zone: "a" } });
    await mac.bringUpAll();
    const others = [{}, { cpu: 4, diskGiB: 100 }, { cpu: 4, run: { softnet: true } }];
    for (const other of others) {
      const id = await fleet.create(other);
      expect(fleet.state(id)).not.toBe("provisioning");
      await fleet.useCases.endVm(CI, id, {});
      await mac.removeAll();
      await mac.bringUpAll();
    }
    expect(fleet.state(await fleet.create({ cpu: 4, hostLabels: { zone: "a" } }))).toBe("provisioning");
  });

  test("is never one whose team is at its cap", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode");
    await mac.bringUpAll();
    await fleet.useCases.setTeam(CI, "default", { guaranteed: 0, cap: 1, weight: 1 });
    const first = await fleet.create();
    await mac.bringUpAll();
    const second = await fleet.create();
    expect([first, second].map(fleet.state)).toEqual(["ready", "queued"]);
    expect(states()).toEqual(["provisioning"]);
    await fleet.useCases.setTeam(CI, "default", { guaranteed: 0, cap: 2, weight: 1 });
    await settle();
    expect(fleet.state(second)).toBe("provisioning");
  });

  test("has no guest of its pool's: what is kept warm has no secrets and no token", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode");
    await mac.bringUpAll();
    const asked = fleet.useCases.agent.bootstrap(mac.host, mac.epoch, {
      vmId: fleet.warm()[0]?.id ?? "",
      attempt: 1,
    });
    await expect(asked).rejects.toMatchObject({ code: "attempt_not_current" });
  });
});

describe("a tag that is moved", () => {
  const [OLD, NEW] = ["a", "b"].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];
  const TAG = "ghcr.io/org/image:1";

  test("is followed: creates take what they asked for, and the pool renews to what it stands for now", async () => {
    const mac = await fleet.host("mac-1", { resolvesTags: true });
    const isDigest = (digest: string) => mac.resolved(TAG, { kind: "digest", digest });
    // Before anybody has asked: the host runs what the tag means to it, and tells which that is.
    await fleet.pool("xcode");
    const { assignments } = await mac.assignments();
    expect(assignments).toMatchObject([{ image: TAG, warm: true }]);
    const named = { vmId: assignments[0]?.vmId ?? "", attempt: 1 };
    await mac.report({
      kind: "phase",
      ...named,
      phase: "provisioning",
      ip: "192.168.64.2",
      imageDigest: OLD,
    });
    const first = await fleet.create();
    await isDigest(OLD);
    expect(fleet.useCases.getVm(first)).toMatchObject({ state: "provisioning", imageDigest: OLD });
    expect(fleet.useCases.getPool("xcode")).toMatchObject({ hits: 1, misses: 0 });
    await mac.bringUpAll();
    expect(fleet.warm()).toMatchObject([{ imageDigest: OLD, state: "provisioning" }]);

    await fleet.useCases.endVm(CI, first, {});
    for (let second = 0; second < 70; second += 10) {
      await fleet.clock.pass(10_000);
      await mac.heartbeat();
    }
    await mac.removeAll();
    const second = await fleet.create();
    await isDigest(NEW);
    // What stands by runs the old image: it is not what the tag stands for now.
    expect(fleet.useCases.getVm(second)).toMatchObject({ state: "assigned", imageDigest: NEW });
    expect(fleet.useCases.getPool("xcode")).toMatchObject({ hits: 1, misses: 1 });
    for (let round = 0; round < 3; round += 1) {
      await mac.bringUpAll();
      await mac.removeAll();
    }
    expect(fleet.warm()).toMatchObject([{ imageDigest: NEW, state: "provisioning" }]);
  });
});

describe("a pool", () => {
  test("renews its VMs one by one when its channel gets another image, and each at its age", async () => {
    const macs = [await fleet.host("mac-1"), await fleet.host("mac-2")];
    await fleet.useCases.setChannel(CI, "xcode", { image: "ghcr.io/org/image:1" });
    await fleet.pool("xcode", { image: "channel:xcode", minIdle: 2, maxAgeMinutes: 30 });
    await minutes(1, ...macs);
    expect(states()).toEqual(["provisioning", "provisioning"]);
    await fleet.useCases.setChannel(CI, "xcode", { image: "ghcr.io/org/image:2" });
    await settle();
    const images = () => fleet.warm().map(({ image, state }) => `${image.at(-1)} ${state}`);
    expect(images().toSorted()).toEqual(["1 provisioning", "1 provisioning", "2 assigned"]);
    for (const mac of macs) await mac.bringUpAll();
    await settle();
    expect(images().filter((text) => text.endsWith("provisioning"))).toHaveLength(2);
    await minutes(2, ...macs);
    expect(images()).toEqual(["2 provisioning", "2 provisioning"]);
    const ids = new Set(fleet.warm().map(({ id }) => id));
    await minutes(31, ...macs);
    expect(states()).toEqual(["provisioning", "provisioning"]);
    expect(fleet.warm().some(({ id }) => ids.has(id))).toBe(false);
  });

  test("whose VMs fail tries one after ever longer pauses, and says why", async () => {
    const macs = [await fleet.host("mac-1"), await fleet.host("mac-2")];
    await fleet.pool("xcode", { minIdle: 3 });
    const tried = new Set<string>();
    for (let step = 0; step < 6 * 30; step += 1) {
      for (const mac of macs) {
        await mac.heartbeat();
        for (const { vmId, want } of (await mac.assignments()).assignments) {
          if (want === "gone") await mac.report({ kind: "gone", vmId, attempt: 1 });
          else if (!tried.has(vmId)) {
            tried.add(vmId);
            const error = { code: "start_failed" as const, message: "it does not start", facts: {} };
            await mac.report({ kind: "failed", vmId, attempt: 1, phase: "booting", error });
          }
        }
      }
      await fleet.clock.pass(10_000);
    }
    // Three at once, whose failures count one by one; then after 4, 8 and 16 minutes.
    expect(tried.size).toBeLessThanOrEqual(6);
    expect(fleet.useCases.getPool("xcode")).toMatchObject({
      idle: 0,
      lastFailure: expect.stringContaining("it does not start"),
      pausedUntil: expect.any(String),
    });
  });

  test("that is removed takes its VMs along; one that cannot be is not there", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode");
    await mac.bringUpAll();
    await fleet.useCases.removePool(CI, "xcode");
    await settle();
    expect(fleet.warm()).toMatchObject([{ state: "stopping", end: { reason: "pool_released" } }]);
    await expect(fleet.useCases.removePool(CI, "xcode")).rejects.toMatchObject({ code: "pool_not_found" });
  });

  test("whose guest says that it is in use has nothing to give away there", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode");
    const named = { vmId: fleet.warm()[0]?.id ?? "", attempt: 1 };
    await mac.report({ kind: "phase", ...named, phase: "ready" });
    expect(fleet.useCases.getVm(named.vmId)).toMatchObject({ state: "stopping", readyAt: null });
  });
});
