import { expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Agent = Awaited<ReturnType<Fleet["host"]>>;

/** Seconds in which the agent gives its signs of life. */
async function pass(fleet: Fleet, agent: Agent, seconds: number) {
  for (let left = seconds; left > 0; left -= 5) {
    await fleet.clock.pass(Math.min(5, left) * 1000);
    await agent.heartbeat();
  }
}

async function boot(agent: Agent, vmId: string, attempt = 1) {
  for (const phase of ["cloning", "booting"] as const)
    await agent.report({ kind: "phase", vmId, attempt, phase });
}

const lastError = (fleet: Fleet, id: string) =>
  fleet.useCases.vmEvents(id, 0, 100).findLast(({ type }) => type === "attempt_failed")?.message;

test("a VM that asks for a short boot is given up when it takes longer, and tried elsewhere", async () => {
  const fleet = await startFleet();
  const [mac, other] = [await fleet.host("mac-1"), await fleet.host("mac-2")];
  const id = await fleet.create({ budgets: { bootSeconds: 30, pullStallSeconds: 1200 } });
  await boot(mac, id);
  const booting = fleet.useCases.vmEvents(id, 0, 100).at(-1);
  expect(booting?.data).toEqual({ budgetSeconds: 30, budgetFrom: "request" });
  expect((await mac.assignments()).assignments).toMatchObject([
    { vmId: id, bootSeconds: 30, pullStallSeconds: 1200 },
  ]);
  await pass(fleet, mac, 25);
  await other.heartbeat();
  expect(fleet.state(id)).toBe("booting");
  await fleet.clock.pass(5000);
  expect(lastError(fleet, id)).toContain("It was booting for 30 s, longer than allowed.");
  expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", attempt: 2, host: "mac-2" });
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("what is learned of an image shortens the wait for one that hangs, and a restart does not eat it", async () => {
  const fleet = await startFleet({ config: { bootTimeoutSeconds: 600 } });
  const mac = await fleet.host("mac-1");
  for (let n = 0; n < 20; n += 1) {
    const id = await fleet.create();
    await boot(mac, id);
    await pass(fleet, mac, 10);
    await mac.report({ kind: "phase", vmId: id, attempt: 1, phase: "ready" });
    await fleet.useCases.endVm(CI, id, {});
    await mac.removeAll();
    await pass(fleet, mac, 1);
  }
  const hangs = await fleet.create();
  await boot(mac, hangs);
  expect(fleet.useCases.vmEvents(hangs, 0, 100).at(-1)?.data).toEqual({
    budgetSeconds: 120,
    budgetFrom: "learned",
  });
  await pass(fleet, mac, 60);
  fleet.clock.set(10 * 60_000);
  await fleet.restart();
  await mac.hello();
  await pass(fleet, mac, 5);
  // Its host is heard first: what it was bringing up may have been done meanwhile.
  expect(fleet.state(hangs)).toBe("booting");
  await pass(fleet, mac, 120);
  expect(lastError(fleet, hangs)).toContain("longer than allowed");
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("a queue timeout does not count the time for which the control plane was down, nor that in which it stood still", async () => {
  const fleet = await startFleet();
  const id = await fleet.create({ queueTimeoutSeconds: 600 });
  await fleet.clock.pass(200_000);
  fleet.clock.set(fleet.clock.now() + 3_600_000);
  await fleet.restart();
  await fleet.clock.pass(300_000);
  expect(fleet.state(id)).toBe("queued");
  fleet.clock.set(fleet.clock.now() + 3_600_000);
  await fleet.clock.pass(30_000);
  expect(fleet.state(id)).toBe("queued");
  await fleet.clock.pass(120_000);
  expect(fleet.useCases.getVm(id).end).toMatchObject({ reason: "queue_timeout" });
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
