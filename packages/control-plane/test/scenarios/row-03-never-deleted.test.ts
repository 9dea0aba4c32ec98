import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

const HOUR = 3_600_000;

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => {
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

describe("peers §4 row 3: a VM that is never deleted", () => {
  test("cancelled before any host picked it up: it is over at once, and no host hears of it", async () => {
    const id = await fleet.create();
    await fleet.useCases.endVm(CI, id, {});
    expect(fleet.state(id)).toBe("deleted");
    const mac = await fleet.host("mac-1");
    expect((await mac.assignments()).assignments).toEqual([]);
  });

  test("cancelled while it comes up: it goes from its host, and the slot is free when it is seen gone", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create();
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "cloning" });
    await fleet.useCases.endVm(CI, id, {});
    expect(fleet.useCases.capacity().slots.free).toBe(1);
    await mac.removeAll();
    expect(fleet.state(id)).toBe("deleted");
    expect(fleet.useCases.capacity().slots.free).toBe(2);
  });

  test("no hook ever runs, and the control plane is away when its time is over: it ends all the same", async () => {
    const mac = await fleet.host("mac-1");
    const id = await fleet.create({ ttlSeconds: 7200 });
    await mac.bringUpAll();
    fleet.clock.set(3 * HOUR);
    await fleet.restart();
    await mac.hello();
    await fleet.clock.pass(60_000);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "stopping", end: { reason: "ttl" } });
    await mac.removeAll();
    expect(fleet.state(id)).toBe("deleted");
    await mac.heartbeat();
    expect(fleet.useCases.capacity().slots).toMatchObject({ free: 2, unreachable: 0 });
  });
});
