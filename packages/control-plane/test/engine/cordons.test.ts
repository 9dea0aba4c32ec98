import { CallError } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callerOf, CI, startFleet } from "../support/fleet.ts";

const ANA = callerOf({ kind: "token", tokenId: "ana0", role: "admin", name: "ana", team: null });
const HOUR = 3_600_000;

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => {
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: unknown) => (error instanceof CallError ? error.code : String(error)),
  );
const actions = () =>
  fleet.useCases.auditPage({ order: "oldest", limit: 100 }).records.map(({ action }) => action);

describe("a cordoned host", () => {
  test("gets nothing new, says who and why, and gets what waits at once when it is uncordoned", async () => {
    const mac = await fleet.host("mac-1");
    const before = await fleet.create();
    await mac.bringUpAll();
    const host = await fleet.useCases.cordonHost(ANA, "mac-1", { reason: "os upgrade" });
    expect(host.cordon).toMatchObject({
      by: "token ana (ana0)",
      reason: "os upgrade",
      until: null,
      drain: null,
    });
    const waits = await fleet.create();
    await fleet.clock.pass(HOUR);
    await mac.heartbeat();
    expect([before, waits].map(fleet.state)).toEqual(["ready", "queued"]);
    expect(fleet.useCases.explainVm(waits).waiting).toMatchObject({
      hosts: { groups: [{ reason: "cordoned", text: "cordoned by token ana (ana0): os upgrade" }] },
      unblock: { what: "cordoned" },
    });
    expect(fleet.useCases.capacity().slots).toMatchObject({ total: 2, busy: 1, free: 0, cordoned: 1 });
    await fleet.restart();
    await mac.hello();
    await fleet.clock.pass(10);
    expect(fleet.state(waits)).toBe("queued");
    await fleet.useCases.uncordonHost(ANA, "mac-1");
    await fleet.clock.pass(0);
    expect(fleet.state(waits)).toBe("assigned");
    expect(actions().filter((action) => action.includes("cordon"))).toEqual(["host.cordon", "host.uncordon"]);
  });

  test("is itself again when its time is over, also when that passed while nobody listened", async () => {
    const mac = await fleet.host("mac-1");
    await fleet.useCases.cordonHost(ANA, "mac-1", { reason: "a look at its disk", forSeconds: 3600 });
    const waits = await fleet.create();
    await fleet.clock.pass(HOUR - 1000);
    await mac.hello();
    expect(fleet.state(waits)).toBe("queued");
    await fleet.clock.pass(1000);
    expect(fleet.state(waits)).toBe("assigned");
    expect(fleet.useCases.getHost("mac-1").cordon).toBeNull();

    await fleet.useCases.cordonHost(ANA, "mac-1", { reason: "again", forSeconds: 60 });
    fleet.clock.set(HOUR);
    await fleet.restart();
    await fleet.clock.pass(0);
    expect(fleet.useCases.getHost("mac-1").cordon).toBeNull();
  });
});

describe("peers §4 row 11: a host is drained for an update", () => {
  test("what runs there ends by itself, nothing new comes, and the host says when it is empty", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.bringUpAll();
    const drain = { reason: "macOS 26.2", deadlineSeconds: 3600, endVms: false };
    expect((await fleet.useCases.drainHost(ANA, "mac-1", drain)).cordon?.drain).toMatchObject({
      isDone: false,
    });
    const waits = await fleet.create();
    await fleet.useCases.endVm(callerOf({ kind: "vm", vmId: id, attempt: 1 }), id, {
      phase: "runner_exited",
    });
    await fleet.clock.pass(10_000);
    await mac.removeAll();
    await fleet.clock.pass(0);
    expect(fleet.useCases.getHost("mac-1").cordon?.drain).toMatchObject({ isDone: true, isOverdue: false });
    expect(fleet.state(waits)).toBe("queued");
  });

  test("past the deadline those that are left are told of, and not killed", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.bringUpAll();
    await fleet.useCases.drainHost(ANA, "mac-1", { reason: "update", deadlineSeconds: 3600, endVms: false });
    await fleet.clock.pass(HOUR + 1);
    await mac.heartbeat();
    expect(fleet.state(id)).toBe("ready");
    expect(fleet.useCases.getHost("mac-1").cordon?.drain).toMatchObject({ isDone: false, isOverdue: true });
    await fleet.restart();
    await fleet.clock.pass(HOUR);
    expect(actions().filter((action) => action === "host.drain_overdue")).toHaveLength(1);
  });

  test("asked to, it ends them then, as a client would", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.bringUpAll();
    await fleet.useCases.drainHost(ANA, "mac-1", { reason: "update", deadlineSeconds: 60, endVms: true });
    await fleet.clock.pass(60_000);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "stopping", end: { reason: "client" } });
    expect(fleet.useCases.getVm(id).end?.message).toContain(
      "The drain of host mac-1 (token ana (ana0): update)",
    );
  });
});

describe("a host that is removed", () => {
  test("is refused while VMs are there, and a dry run says what would become of them", async () => {
    const mac = await fleet.host("mac-1");
    const ready = await fleet.create();
    await mac.bringUpAll();
    const coming = await fleet.create();
    expect(await codeOf(fleet.useCases.removeHost(ANA, "mac-1", {}))).toBe("host_has_vms");
    const { removed, vms } = await fleet.useCases.removeHost(ANA, "mac-1", { dryRun: true });
    expect(removed).toBe(false);
    expect(new Map(vms.map(({ vmId, becomes }) => [vmId, becomes]))).toEqual(
      new Map([
        [ready, "failed"],
        [coming, "queued"],
      ]),
    );
    expect(fleet.useCases.listHosts()).toHaveLength(1);
  });

  test("by force its ready VMs fail, those that were coming up go elsewhere, and its agent is cut off", async () => {
    const mac = await fleet.host("mac-1");
    const ready = await fleet.create();
    await mac.bringUpAll();
    const coming = await fleet.create();
    await fleet.useCases.removeHost(ANA, "mac-1", { force: true });
    await fleet.clock.pass(0);
    expect(fleet.useCases.getVm(ready)).toMatchObject({
      state: "failed",
      end: { reason: "host_removed" },
      host: expect.stringMatching(/^mac-1 \(removed/),
    });
    expect(fleet.state(coming)).toBe("queued");
    expect(fleet.useCases.listHosts()).toEqual([]);
    expect(fleet.useCases.capacity().slots.total).toBe(0);
    expect(await codeOf(mac.heartbeat())).toBe("host_not_found");
    expect(await codeOf(mac.hello())).toBe("host_not_found");
    await fleet.restart();
    expect(fleet.useCases.listHosts()).toEqual([]);
    // Its name is free, also for another machine.
    const { credential } = await fleet.useCases.enrolHost(CI, { name: "mac-1", machineId: "machine-new" });
    expect(fleet.useCases.authenticate(credential)).toMatchObject({ hostName: "mac-1" });
    const other = await fleet.host("mac-2");
    await fleet.clock.pass(0);
    expect((await other.assignments()).assignments.map(({ vmId }) => vmId)).toEqual([coming]);
  });

  test("that nobody knows is not found", async () => {
    expect(await codeOf(fleet.useCases.removeHost(ANA, "mac-9", {}))).toBe("host_not_found");
    expect(await codeOf(fleet.useCases.cordonHost(ANA, "mac-9", { reason: "x" }))).toBe("host_not_found");
  });
});
