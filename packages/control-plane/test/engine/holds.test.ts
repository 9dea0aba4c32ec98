import { CallError } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { callerOf, CI, startFleet } from "../support/fleet.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Host = Awaited<ReturnType<Fleet["host"]>>;

/** Lets time pass while the hosts are heard of. */
async function pass(fleet: Fleet, hosts: readonly Host[], seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 5) {
    await fleet.clock.pass(Math.min(5, left) * 1000);
    for (const host of hosts) {
      await host.heartbeat();
      await host.removeAll();
    }
  }
}

const hold = (fleet: Fleet, id: string, minutes = 30) =>
  fleet.useCases.holdVm(CI, id, { forSeconds: minutes * 60, reason: "to look" });

/** A VM whose runner has exited and that is there for its hold alone. */
async function keptVm(fleet: Fleet, host: Host): Promise<string> {
  const id = await fleet.create();
  await host.bringUpAll();
  await hold(fleet, id);
  const guest = callerOf({ kind: "vm", vmId: id, attempt: 1 });
  await fleet.useCases.endVm(guest, id, { phase: "runner_exited", rc: 1 });
  await pass(fleet, [host], 15);
  expect(fleet.useCases.getVm(id)).toMatchObject({ state: "draining", hold: { isKept: true } });
  return id;
}

test("a kept VM holds its slot for its team until its time is over, also when the control plane restarts", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1");
  const id = await keptVm(fleet, host);
  expect(fleet.useCases.getTeam("default")).toMatchObject({ held: 1 });
  const { hosts, summary } = fleet.useCases.fleetBoard(null);
  expect(hosts[0]?.slots[0]).toMatchObject({ state: "held", vm: { id } });
  expect(summary.slots).toMatchObject({ held: 1, draining: 0 });
  expect(fleet.useCases.explainVm(id).summary).toMatch(
    /^It has ended: .* It is kept for 30 min by token ci \(ci0\): to look\.$/,
  );
  await fleet.restart();
  await host.hello();
  await pass(fleet, [host], 20 * 60);
  expect(fleet.useCases.getVm(id)).toMatchObject({
    state: "draining",
    end: { reason: "runner_exited" },
    hold: { by: "token ci (ci0)", reason: "to look", isKept: true },
  });
  await pass(fleet, [host], 11 * 60);
  expect(fleet.useCases.getVm(id)).toMatchObject({ state: "deleted", hold: null });
  const actions = fleet.useCases.auditPage({ limit: 1000, order: "oldest" }).records.map((row) => row.action);
  expect(actions).toContain("vm.hold");
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("the queue presses: the oldest hold ends after a notice when nothing else is free, and no other", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1");
  const oldest = await keptVm(fleet, host);
  const newer = await keptVm(fleet, host);
  await pass(fleet, [host], 120);
  expect([fleet.state(oldest), fleet.state(newer)]).toEqual(["draining", "draining"]);

  const waiting = await fleet.create();
  await pass(fleet, [host], 50);
  expect([fleet.state(oldest), fleet.state(waiting)]).toEqual(["draining", "queued"]);
  const told = fleet.useCases.vmEvents(oldest, 0, 100).at(-1);
  expect(told?.message).toContain(`VM ${waiting} waits`);
  await pass(fleet, [host], 40);
  expect([fleet.state(oldest), fleet.state(newer)]).toEqual(["deleted", "draining"]);
  await host.bringUpAll();
  expect(fleet.state(waiting)).toBe("ready");
  await pass(fleet, [host], 300);
  expect(fleet.state(newer)).toBe("draining");
  fleet.close();
});

test("nobody is pressed for what fits elsewhere, or could not have the slot anyhow", async () => {
  const fleet = await startFleet();
  const host = await fleet.host("mac-1");
  const kept = await keptVm(fleet, host);
  const fits = await fleet.create();
  const never = await fleet.create({ hostLabels: { xcode: "99" }, allowPending: true });
  await pass(fleet, [host], 120);
  expect(fleet.state(fits)).not.toBe("queued");
  expect([fleet.state(never), fleet.state(kept)]).toEqual(["queued", "draining"]);
  fleet.close();
});

test("what cannot be held is told so: what waits, is being stopped, or is not there; and a time that is too long", async () => {
  const fleet = await startFleet({ config: { maxHoldSeconds: 3600 } });
  const refused = (call: Promise<unknown>) =>
    call.then(
      () => "held",
      (error: unknown) => (error instanceof CallError ? error.code : String(error)),
    );
  const id = await fleet.create();
  expect(await refused(hold(fleet, id))).toBe("vm_not_holdable");
  expect(await refused(hold(fleet, "aaaabbbbccccdddd"))).toBe("vm_not_found");
  const host = await fleet.host("mac-1");
  await fleet.clock.pass(0);
  await host.bringUpAll();
  expect(await refused(hold(fleet, id, 61))).toBe("invalid_request");
  expect(await refused(fleet.create({ holdOnFailureSeconds: 3601 }))).toBe("invalid_request");
  expect(await refused(hold(fleet, id))).toBe("held");
  expect((await fleet.useCases.unholdVm(CI, id)).hold).toBeNull();
  expect((await fleet.useCases.unholdVm(CI, id)).state).toBe("ready");
  await fleet.useCases.endVm(CI, id, {});
  expect(await refused(hold(fleet, id))).toBe("vm_not_holdable");
  fleet.close();
});
