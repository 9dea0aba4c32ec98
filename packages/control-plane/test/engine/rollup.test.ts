import { historyQuerySchema, type HistoryQuery } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { CI, settle, startFleet } from "../support/fleet.ts";
import { sicken } from "../support/sick.ts";

type Fleet = Awaited<ReturnType<typeof startFleet>>;

const ask = (fleet: Fleet, query: Partial<HistoryQuery>) =>
  fleet.useCases.history(historyQuerySchema.parse(query)).lines;

/** The observations of one line. */
function countOf(fleet: Fleet, query: Partial<HistoryQuery>, key = ""): number {
  const line = ask(fleet, query).find((each) => each.key === key);
  return line?.points.reduce((sum, { count }) => sum + count, 0) ?? 0;
}

/** A VM that waits, boots, works and ends. */
async function live(fleet: Fleet, mac: Awaited<ReturnType<Fleet["host"]>>): Promise<void> {
  const id = await fleet.create();
  await fleet.clock.pass(4000);
  await mac.bringUpAll();
  await fleet.clock.pass(2000);
  await fleet.useCases.endVm(CI, id, {});
  await settle();
  await mac.removeAll();
}

test("what happened within a minute is asked for when the minute is over, by day, hour and minute", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  await live(fleet, mac);
  await fleet.clock.pass(60_000);
  for (const step of ["1m", "5m", "1h", "6h", "1d"] as const) {
    expect(countOf(fleet, { series: "wait", step })).toBe(1);
    expect(countOf(fleet, { series: "wait", by: "team", step }, "default")).toBe(1);
    expect(countOf(fleet, { series: "boot", step }, "assigned")).toBe(1);
    expect(countOf(fleet, { series: "boot", by: "image", step }, "assigned ghcr.io/org/image")).toBe(1);
    expect(countOf(fleet, { series: "ends", step }, "client")).toBe(1);
  }
  const [assigned] = ask(fleet, { series: "boot", step: "1m" });
  expect(assigned?.points[0]).toMatchObject({ count: 1, mean: 4, max: 4 });
  expect(Math.abs((assigned?.points[0]?.p95 ?? 0) - 4)).toBeLessThanOrEqual(0.1);
  fleet.close();
});

test("slots and queue are sampled once a minute", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const ids = [await fleet.create(), await fleet.create(), await fleet.create()];
  await mac.bringUpAll();
  for (let beat = 0; beat < 30; beat += 1) {
    await fleet.clock.pass(4000);
    await mac.heartbeat();
  }
  const slots = ask(fleet, { series: "slots", step: "1m" });
  expect(slots.find(({ key }) => key === "busy")?.points.map(({ mean }) => mean)).toEqual([2, 2]);
  expect(slots.find(({ key }) => key === "free")?.points.map(({ mean }) => mean)).toEqual([0, 0]);
  expect(ask(fleet, { series: "queue", step: "1m" })[0]?.points.map(({ max }) => max)).toEqual([1, 1]);
  expect(ids).toHaveLength(3);
  fleet.close();
});

test("an attempt that failed is counted by its error", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  const vmId = await fleet.create();
  const error = { code: "clone_failed" as const, message: "no", facts: {} };
  await mac.report({ kind: "failed", vmId, attempt: 1, phase: "cloning", error });
  await fleet.clock.pass(60_000);
  expect(countOf(fleet, { series: "failures" }, "clone_failed")).toBe(1);
  fleet.close();
});

test("a restart counts nothing twice, and loses no more than the minute that was open", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  await live(fleet, mac);
  await fleet.clock.pass(60_000);
  await fleet.restart();
  await mac.hello();
  expect(countOf(fleet, { series: "ends" }, "client")).toBe(1);
  await live(fleet, mac);
  await fleet.restart();
  await mac.hello();
  await live(fleet, mac);
  await fleet.clock.pass(60_000);
  expect(countOf(fleet, { series: "ends" }, "client")).toBe(2);
  fleet.close();
});

test("a clock that was set back adds to what is there, and breaks nothing", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1");
  await live(fleet, mac);
  await fleet.clock.pass(60_000);
  fleet.clock.set(-70_000);
  await fleet.restart();
  await mac.hello();
  await live(fleet, mac);
  await fleet.clock.pass(120_000);
  expect(countOf(fleet, { series: "ends" }, "client")).toBe(2);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("while the store takes nothing nothing is lost", async () => {
  const database = openMemoryDatabase();
  const sick = sicken(database);
  const fleet = await startFleet({ database });
  const mac = await fleet.host("mac-1");
  await live(fleet, mac);
  sick.with("SQLITE_FULL");
  await fleet.clock.pass(180_000);
  expect(countOf(fleet, { series: "ends" }, "client")).toBe(0);
  sick.cure();
  await fleet.clock.pass(120_000);
  expect(countOf(fleet, { series: "ends" }, "client")).toBe(1);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("minutes are forgotten after two days, and their hours and days are not", async () => {
  const database = openMemoryDatabase();
  const fleet = await startFleet({ database });
  const mac = await fleet.host("mac-1");
  await live(fleet, mac);
  await fleet.clock.pass(60_000);
  const from = new Date(fleet.clock.now() - 600_000).toISOString();
  fleet.clock.set(49 * 3_600_000);
  await fleet.restart();
  await fleet.clock.pass(60_000);
  expect(countOf(fleet, { series: "ends", from, step: "5m" }, "client")).toBe(0);
  expect(countOf(fleet, { series: "ends", from }, "client")).toBe(1);
  fleet.close();
});

test.each([
  { series: "wait", by: "image" },
  { series: "slots", by: "team" },
  { series: "wait", team: "red" },
  { series: "wait", lastSeconds: 3600, from: "2026-03-01T00:00:00Z" },
  { series: "nonsense" },
])("a query that has no answer is refused: %o", (query) => {
  expect(historyQuerySchema.safeParse(query).success).toBe(false);
});

test("a time that is none, and a step that is too fine for its time, are told of", async () => {
  const fleet = await startFleet();
  const at = (ms: number) => new Date(fleet.clock.now() + ms).toISOString();
  expect(() => ask(fleet, { series: "ends", from: at(0), to: at(-1) })).toThrow(/from must be before/);
  expect(() => ask(fleet, { series: "ends", from: at(-30 * 86_400_000), step: "1m" })).toThrow(
    /step gives more than 3000 points/,
  );
  fleet.close();
});
