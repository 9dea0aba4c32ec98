import { slotReportQuerySchema, type SlotReport } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { samplesOf } from "../support/exposition.ts";
import { CI, settle, startFleet } from "../support/fleet.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Agent = Awaited<ReturnType<Fleet["host"]>>;
const DAY = 86_400_000;

const report = (
  fleet: Fleet,
  query: { by?: string; team?: string; from?: string; to?: string } = {},
): SlotReport => fleet.useCases.slotReport(slotReportQuerySchema.parse(query));

async function end(fleet: Fleet, mac: Agent, id: string): Promise<void> {
  await fleet.useCases.endVm(CI, id, {});
  await settle();
  await mac.removeAll();
}

/** Minutes in which the agent gives its signs of life. */
async function pass(fleet: Fleet, mac: Agent, minutes: number): Promise<void> {
  for (let beat = 0; beat < minutes * 3; beat += 1) {
    await fleet.clock.pass(20_000);
    await mac.heartbeat();
  }
}

test("a VM's time is its team's, by what its slot was used for", async () => {
  const fleet = await startFleet();
  const id = await fleet.create();
  await fleet.clock.pass(3 * 60_000);
  const mac = await fleet.host("mac-1");
  await mac.hello();
  await pass(fleet, mac, 1);
  await mac.bringUpAll();
  await pass(fleet, mac, 10);
  await fleet.useCases.endVm(CI, id, {});
  await pass(fleet, mac, 1);
  await mac.removeAll();
  await pass(fleet, mac, 5);
  expect(report(fleet, { by: "team,image" }).lines).toEqual([
    {
      key: { team: "default", image: "ghcr.io/org/image" },
      waitingMinutes: 3,
      slotMinutes: 12,
      minutes: { booting: 1, working: 10, draining: 1, warm: 0, held: 0, phantom: 0 },
    },
  ]);
  expect(report(fleet, { by: "host" }).lines).toMatchObject([{ key: { host: "mac-1" }, slotMinutes: 12 }]);
  fleet.close();
});

test("what goes on is in the report, and a stop of the control plane is charged as the slot was taken", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  await fleet.create();
  await mac.bringUpAll();
  await pass(fleet, mac, 4);
  expect(report(fleet).total).toMatchObject({ slotMinutes: 4, minutes: { working: 4 } });
  fleet.clock.set(30 * 60_000);
  await fleet.restart();
  await mac.hello();
  await pass(fleet, mac, 1);
  expect(report(fleet).total.minutes).toMatchObject({ working: 35 });
  fleet.close();
});

test("a clock that was set back takes nothing away and charges nothing twice", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const id = await fleet.create();
  await mac.bringUpAll();
  await pass(fleet, mac, 4);
  fleet.clock.set(-60 * 60_000);
  await fleet.restart();
  await mac.hello();
  await pass(fleet, mac, 2);
  await end(fleet, mac, id);
  expect(report(fleet).total.minutes.working).toBe(6);
  fleet.close();
});

test("an attempt that was given up keeps its slot until it was seen gone, beside the next one", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const vmId = await fleet.create();
  await pass(fleet, mac, 1);
  const error = { code: "clone_failed" as const, message: "no", facts: {} };
  await mac.report({ kind: "failed", vmId, attempt: 1, phase: "cloning", error });
  await mac.report({ kind: "phase", vmId, attempt: 2, phase: "ready" });
  await pass(fleet, mac, 2);
  await mac.report({ kind: "gone", vmId, attempt: 1 });
  await pass(fleet, mac, 3);
  expect(report(fleet).total).toMatchObject({
    slotMinutes: 8,
    minutes: { booting: 1, draining: 2, working: 5 },
  });
  fleet.close();
});

test("a warm VM and a phantom are nobody's; who takes the warm one over pays from then on", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1", { phantomSlots: 1 });
  await mac.hello({ phantomSlots: 1 });
  await fleet.pool("xcode");
  await mac.bringUpAll();
  await pass(fleet, mac, 5);
  const [nobody] = report(fleet).lines;
  expect(nobody).toMatchObject({ key: { team: null }, minutes: { warm: 5, working: 0 } });
  expect(nobody?.minutes.phantom).toBeGreaterThanOrEqual(4);
  await fleet.create();
  await pass(fleet, mac, 2);
  const ours = report(fleet, { team: "default" });
  expect(ours.total.slotMinutes).toBe(2);
  expect(report(fleet).total.minutes.warm).toBe(5);
  fleet.close();
});

test("a Linux VM takes no slot and is in no account", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const id = await fleet.create({ os: "linux" });
  await pass(fleet, mac, 1);
  await end(fleet, mac, id);
  expect(report(fleet).lines).toEqual([]);
  fleet.close();
});

test("labels are kept where they are asked for, and a report by another is refused", async () => {
  const fleet = await startFleet({ config: { accountLabel: ["repo"] } });
  const mac = await fleet.host("mac-1");
  await fleet.create({ labels: { repo: "app", commit: "4f2a" } });
  await fleet.create();
  await pass(fleet, mac, 1);
  const { lines, labels } = report(fleet, { by: "label:repo" });
  expect(labels).toEqual(["repo"]);
  expect(new Map(lines.map(({ key, slotMinutes }) => [key["label:repo"], slotMinutes]))).toEqual(
    new Map([
      ["app", 1],
      [null, 1],
    ]),
  );
  expect(() => report(fleet, { by: "label:commit" })).toThrow(/by names the label commit.*kept are repo/);
  fleet.close();
});

test("a time over midnight is in both days, and a report has the days that were asked for", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  await fleet.clock.pass(DAY - (fleet.clock.now() % DAY) - 10 * 60_000);
  await mac.hello();
  const id = await fleet.create();
  await mac.bringUpAll();
  await pass(fleet, mac, 15);
  const byDay = () => report(fleet, { by: "day" }).lines.map(({ slotMinutes }) => slotMinutes);
  expect(byDay()).toEqual([10, 5]);
  await end(fleet, mac, id);
  expect(byDay()).toEqual([10, 5]);
  const [first] = report(fleet, { by: "day" }).lines;
  const day = first?.key["day"] ?? "";
  expect(report(fleet, { from: day, to: day }).total.slotMinutes).toBe(10);
  fleet.close();
});

test("VMs that are forgotten leave their time in the accounts", async () => {
  const database = openMemoryDatabase();
  const fleet = await startFleet({ database, config: { keepEndedDays: 1 } });
  const mac = await fleet.host("mac-1");
  const id = await fleet.create();
  await mac.bringUpAll();
  await pass(fleet, mac, 3);
  await end(fleet, mac, id);
  fleet.clock.set(3 * DAY);
  await fleet.restart();
  await fleet.clock.pass(10 * 60_000);
  expect(database.db.$client.prepare("select count(*) from vms").pluck().get()).toBe(0);
  expect(report(fleet).total.slotMinutes).toBe(3);
  fleet.close();
});

test("the metric counts on from the start, what goes on included", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const id = await fleet.create();
  await mac.bringUpAll();
  await pass(fleet, mac, 2);
  await fleet.restart();
  await mac.hello();
  await pass(fleet, mac, 3);
  const working = async () =>
    samplesOf(await fleet.useCases.metrics()).get(
      'tartfleet_slot_seconds_total{team="default",kind="working"}',
    );
  expect(await working()).toBe(180);
  await end(fleet, mac, id);
  await pass(fleet, mac, 1);
  expect(await working()).toBe(180);
  fleet.close();
});

describe("nothing is lost and nothing is charged twice", () => {
  const ACTS = ["create", "bring up", "fail", "end", "remove", "restart", "silence", "pool"] as const;

  async function perform(fleet: Fleet, mac: Agent, what: (typeof ACTS)[number]): Promise<void> {
    switch (what) {
      case "create":
        await fleet.create();
        return;
      case "bring up":
        await mac.bringUpAll();
        return;
      case "remove":
        await mac.removeAll();
        return;
      case "pool":
        await fleet.pool("xcode");
        return;
      case "silence":
        await fleet.clock.pass(120_000);
        await mac.hello();
        return;
      case "restart":
        await fleet.restart();
        await mac.hello();
        return;
      case "end":
      case "fail": {
        const { assignments } = await mac.assignments();
        const wanted = assignments.find(({ want }) => want === "running");
        if (!wanted) return;
        const { vmId, attempt } = wanted;
        const error = { code: "clone_failed" as const, message: "no", facts: {} };
        if (what === "fail") await mac.report({ kind: "failed", vmId, attempt, phase: "cloning", error });
        else await fleet.useCases.endVm(CI, vmId, {});
        await settle();
      }
    }
  }

  test("every slot's time is in the books of its team and its host, as long as an attempt had it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...ACTS), fc.nat(25_000)), { minLength: 5, maxLength: 25 }),
        async (acts) => {
          const database = openMemoryDatabase();
          const fleet = await startFleet({ database });
          const mac = await fleet.host("mac-1");
          await mac.hello();
          for (const [what, ms] of acts) {
            await perform(fleet, mac, what);
            await fleet.clock.pass(ms);
            await mac.heartbeat();
          }
          const held = database.db.$client
            .prepare(
              "select coalesce(sum(coalesce(gone_at, ?) - created_at), 0) from attempts where slot is not null",
            )
            .pluck();
          const minutes = Number(held.get(fleet.clock.now())) / 60_000;
          expect(report(fleet, { by: "team,image" }).total.slotMinutes).toBeCloseTo(minutes, 1);
          expect(report(fleet, { by: "host" }).total.slotMinutes).toBeCloseTo(minutes, 1);
          const waited = database.db.$client
            .prepare("select coalesce(sum(duration_ms), 0) from phase_times where phase = 'queued'")
            .pluck();
          expect(report(fleet).total.waitingMinutes).toBeCloseTo(Number(waited.get()) / 60_000, 1);
          expect(fleet.errors).toEqual([]);
          fleet.close();
        },
      ),
      { numRuns: 15 },
    );
  });
});
