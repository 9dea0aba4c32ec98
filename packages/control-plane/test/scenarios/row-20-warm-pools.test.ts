import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { CI, settle, startFleet } from "../support/fleet.ts";

const MINUTE = 60_000;
const RUNNER = { kind: "script" as const, script: "true" };

describe("peers §4 row 20: keep N idle machines warm above those in use, by the time of day, really used first", () => {
  let fleet: Awaited<ReturnType<typeof startFleet>>;
  beforeEach(async () => {
    fleet = await startFleet();
    onTestFinished(() => {
      expect(fleet.errors).toEqual([]);
      fleet.close();
    });
  });

  test("a create takes a warm VM: its guest is set up at once, and another takes the place", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode");
    await mac.bringUpAll();
    const [warm] = fleet.warm();
    expect(warm).toMatchObject({ state: "provisioning", team: "", pool: "xcode", runner: null });

    const id = await fleet.create({ runner: RUNNER, env: { KEY: "secret" } });
    // No boot: the guest that answers already is all that it waits for.
    expect(fleet.useCases.getVm(id)).toMatchObject({
      state: "provisioning",
      host: "mac-1",
      attempt: 1,
      ip: "192.168.64.2",
      team: "default",
    });
    expect(fleet.useCases.getVm(warm?.id ?? "")).toMatchObject({
      state: "deleted",
      end: { reason: "handed_over" },
    });

    // The agent knows the instance by the name that it made it under; what it says of it is of the VM.
    const { assignments } = await mac.assignments();
    const own = assignments.find(({ vmId }) => vmId === warm?.id);
    expect(own).toMatchObject({ attempt: 1, want: "running", reached: "provisioning" });
    expect(own).not.toHaveProperty("warm");
    const named = { vmId: warm?.id ?? "", attempt: 1 };
    const bootstrap = await fleet.useCases.agent.bootstrap(mac.host, mac.epoch, named);
    expect(bootstrap).toMatchObject({ forVm: { vmId: id, attempt: 1 }, runner: { kind: "script" } });
    expect(bootstrap.env["KEY"]?.reveal()).toBe("secret");
    expect(fleet.useCases.authenticate(bootstrap.vmToken.reveal())).toEqual({
      kind: "vm",
      vmId: id,
      attempt: 1,
    });
    await mac.report({ kind: "phase", ...named, phase: "ready" });
    expect(fleet.state(id)).toBe("ready");

    // One more is kept above those in use, in the other slot.
    expect(fleet.warm()).toMatchObject([{ state: "assigned", slot: 1 }]);
    expect(fleet.useCases.getPool("xcode")).toMatchObject({ hits: 1, misses: 0, idle: 0, booting: 1 });

    await mac.report({ kind: "run_ended", ...named, cause: "guest_shutdown", logTail: "" });
    await mac.removeAll();
    expect(fleet.state(id)).toBe("deleted");
  });

  test("warm ones are used first, also by who waits; what is not of the image is a miss of no pool", async () => {
    const macs = [await fleet.host("mac-1"), await fleet.host("mac-2")];
    await fleet.pool("xcode", { minIdle: 2, max: 2 });
    for (const mac of macs) await mac.bringUpAll();
    const first = [await fleet.create(), await fleet.create()];
    expect(first.map(fleet.state)).toEqual(["provisioning", "provisioning"]);
    // Two more boot; before they are there, a third has to boot as well.
    const third = await fleet.create();
    expect(fleet.state(third)).toBe("queued");
    await fleet.create({ image: "ghcr.io/org/other:1" });
    expect(fleet.useCases.getPool("xcode")).toMatchObject({ hits: 2, misses: 0 });
    for (const mac of macs) await mac.removeAll();
    await settle();
    expect(fleet.state(third)).toBe("assigned");
    expect(fleet.useCases.getPool("xcode")).toMatchObject({ hits: 2, misses: 1 });
  });

  test("a warm VM is never in the way: the queue has its slot as soon as it needs one", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.pool("xcode", { minIdle: 2, max: 2 });
    await mac.bringUpAll();
    expect(fleet.useCases.capacity().slots).toMatchObject({ free: 2, busy: 0 });
    expect(fleet.useCases.capacity({ image: "ghcr.io/org/other:1", hostLabels: {} }).room).toMatchObject({
      startNow: 2,
    });
    const other = await fleet.create({ image: "ghcr.io/org/other:1" });
    expect(fleet.state(other)).toBe("queued");
    expect(fleet.useCases.explainVm(other)).toMatchObject({
      summary: expect.stringContaining("a warm VM, which nobody has taken, makes room for it."),
      waiting: { unblock: { what: "slots" } },
    });
    // One of the two is enough.
    expect(
      fleet
        .warm()
        .map(({ state }) => state)
        .toSorted(),
    ).toEqual(["provisioning", "stopping"]);
    await mac.removeAll();
    expect(fleet.state(other)).toBe("assigned");
    expect(fleet.warm()).toHaveLength(1);

    const whole = await fleet.create({ image: "ghcr.io/org/other:1", cpu: 12 });
    expect(fleet.state(whole)).toBe("queued");
    expect(fleet.warm().map(({ state }) => state)).toEqual(["provisioning"]);
  });

  test("its windows go by the clocks on the wall", async () => {
    const mac = await fleet.host("mac-1");
    const now = new Date(fleet.clock.now());
    expect(now.toISOString()).toBe("2023-11-14T22:13:20.000Z");
    await fleet.pool("xcode", {
      schedule: {
        timeZone: "Europe/Berlin",
        windows: [{ days: ["wed"], from: "07:00", to: "07:01" }],
      },
    });
    expect(fleet.warm()).toEqual([]);
    await fleet.clock.pass(7 * 60 * MINUTE + 46 * MINUTE + 30_000);
    await mac.heartbeat();
    expect(fleet.warm()).toEqual([]);
    expect(fleet.useCases.getPool("xcode").nextChangeAt).toBe("2023-11-15T06:00:00.000Z");
    await fleet.clock.pass(10_000);
    expect(fleet.warm()).toMatchObject([{ createdAt: "2023-11-15T06:00:00.000Z", state: "assigned" }]);
    await mac.bringUpAll();
    for (let seconds = 0; seconds < 70; seconds += 10) {
      await mac.heartbeat();
      await fleet.clock.pass(10_000);
    }
    expect(fleet.warm()).toMatchObject([
      { state: "stopping", end: { message: "Pool xcode keeps none now." } },
    ]);
    expect(fleet.useCases.getPool("xcode")).toMatchObject({ wanted: 0, idleMinutes: 1 });
  });

  test("an older agent is never given one, and a Mac that is drained loses its own", async () => {
    const old = await fleet.host("mac-old", { keepsWarm: undefined });
    await fleet.pool("xcode", { minIdle: 2, max: 3 });
    expect(fleet.warm()).toEqual([]);
    const mac = await fleet.host("mac-new");
    expect(fleet.warm().map(({ host }) => host)).toEqual(["mac-new", "mac-new"]);
    await mac.bringUpAll();
    expect((await old.assignments()).assignments).toEqual([]);
    await fleet.useCases.drainHost(CI, "mac-new", { reason: "os", deadlineSeconds: 60, endVms: false });
    await settle();
    expect(fleet.warm().map(({ end }) => end?.message)).toEqual(
      Array(2).fill("Host mac-new was cordoned by token ci (ci0): os"),
    );
    await mac.removeAll();
    expect(fleet.useCases.getHost("mac-new").cordon?.drain?.isDone).toBe(true);
  });
});
