import type { Report } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

test("peers §4 row 17: a stop that hangs keeps its slot and nobody else's, is told rung by rung, and ends when it is seen gone", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const stuck = await fleet.create();
  await mac.bringUpAll();
  await fleet.useCases.endVm(CI, stuck, {});
  const ref = { vmId: stuck, attempt: 1 };
  const rungs = ["guest_shutdown", "tart_stop", "interrupt"] as const;
  const hung = rungs.map((rung): Report => {
    return { kind: "stop_rung", ...ref, rung, outcome: "timed_out", milliseconds: 10_000 };
  });
  await mac.report(...hung);

  // The other slot goes on meanwhile; this one is not promised to anybody.
  const [next, waits] = [await fleet.create(), await fleet.create()];
  for (let beat = 0; beat < 70; beat += 1) {
    await mac.heartbeat();
    await mac.bringUpAll();
    await fleet.clock.pass(5000);
  }
  expect([stuck, next, waits].map(fleet.state)).toEqual(["stopping", "ready", "queued"]);
  expect(fleet.useCases.capacity().slots).toMatchObject({ busy: 2, free: 0 });
  expect(fleet.useCases.explainVm(waits).details).toContain("1 host: 1 full.");

  await mac.report({ kind: "stop_rung", ...ref, rung: "kill", outcome: "done", milliseconds: 20 });
  await mac.removeAll();
  expect(fleet.state(stuck)).toBe("deleted");
  expect(fleet.useCases.getVm(stuck).end?.reason).toBe("client");
  expect(fleet.state(waits)).toBe("assigned");
  const told = fleet.useCases.vmEvents(stuck, 0, 100);
  const types = told.map(({ type, data }) =>
    type === "stop_rung" ? `${String(data["rung"])} ${String(data["outcome"])}` : type,
  );
  expect(types.filter((type) => / |evidence/.test(type))).toEqual([
    "guest_shutdown timed_out",
    "tart_stop timed_out",
    "interrupt timed_out",
    "evidence",
    "kill done",
  ]);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("peers §4 row 17: a host on which a stop hangs for long gets nothing new, with the reason, until it was tried", async () => {
  const fleet = await startFleet();
  const [mac, other] = [await fleet.host("mac-1"), await fleet.host("mac-2")];
  const pass = async (minutes: number) => {
    for (let beat = 0; beat < minutes * 12; beat += 1) {
      for (const agent of [mac, other]) await agent.heartbeat();
      await fleet.clock.pass(5000);
    }
  };
  const stuck = await fleet.create();
  await mac.bringUpAll();
  await fleet.useCases.endVm(CI, stuck, {});
  await pass(9);
  expect(fleet.useCases.getHost("mac-1").cordon).toBeNull();
  await pass(2);
  expect(fleet.useCases.getHost("mac-1").cordon).toMatchObject({
    by: "control plane",
    reason: `it has not removed VM ${stuck} for 600 s`,
    breaker: { trips: 1 },
  });
  await mac.removeAll();
  await pass(6);
  // Two fill the other Mac, and the third one is the probe.
  for (let n = 0; n < 3; n += 1) await fleet.create();
  await other.bringUpAll();
  await mac.bringUpAll();
  expect(fleet.useCases.getHost("mac-1").cordon).toBeNull();
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
