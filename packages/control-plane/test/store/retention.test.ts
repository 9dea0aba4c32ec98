import { expect, test } from "vitest";
import { startRetention } from "../../src/engine/retention.ts";
import { makePatience } from "../../src/engine/patience.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { startFleet, virtualClock } from "../support/fleet.ts";
import { seedEnded } from "../support/million.ts";

const DAY = 86_400_000;

function counts(database: ReturnType<typeof openMemoryDatabase>) {
  const count = (table: string) =>
    database.db.all<{ count: number }>(`select count(*) as count from ${table}`)[0]?.count;
  return { vms: count("vms"), attempts: count("attempts"), events: count("events") };
}

test("what ended long ago is forgotten whole, in small steps; what is newer, live or still holds a slot is kept", async () => {
  const clock = virtualClock();
  const database = openMemoryDatabase();
  seedEnded(database, 500, clock.now() - 91 * DAY);
  const { $client } = database.db;
  $client.exec("update vms set state = 'ready', ended_at = null where id = 'ended00000000001'");
  $client.exec("update attempts set gone_at = null where vm_id = 'ended00000000002'");
  $client.exec("update vms set ended_at = created_at + 80 * 86400000 where id = 'ended00000000003'");
  const perStep: number[] = [];
  const store = makeStore(database);
  const retention = startRetention({
    store: {
      async forgetEnded(...asked) {
        const before = counts(database);
        const next = await store.forgetEnded(...asked);
        const after = counts(database);
        const rows = (of: typeof before) => (of.vms ?? 0) + (of.attempts ?? 0) + (of.events ?? 0);
        perStep.push(rows(before) - rows(after));
        return next;
      },
      forgetPhases: store.forgetPhases,
      shortenAudit: store.shortenAudit,
    },
    clock,
    patience: makePatience(clock, (error) => expect.unreachable(String(error))),
    keepEndedDays: 90,
    keepAuditDays: 0,
  });
  await clock.pass(120_000);
  expect(counts(database)).toEqual({ vms: 3, attempts: 3, events: 18 });
  expect(Math.max(...perStep)).toBeLessThanOrEqual(60);
  expect(perStep.length).toBeGreaterThan(10);
  expect(database.db.all("pragma foreign_key_check")).toEqual([]);

  // The next pass finds what has ended and aged since.
  $client.exec("update vms set state = 'deleted', ended_at = created_at + 1 where ended_at is null");
  await clock.pass(2 * 3_600_000);
  expect(counts(database).vms).toBe(2);
  retention.stop();
});

test("rows of the audit log that are old enough are removed, and the log says so; 0 keeps all", async () => {
  for (const keepAuditDays of [400, 0]) {
    const database = openMemoryDatabase();
    const fleet = await startFleet({ database, config: { keepAuditDays } });
    const oldest = () => database.db.$client.prepare("select min(seq) from audit").pluck().get();
    const rows = () => Number(database.db.$client.prepare("select count(*) from audit").pluck().get());
    for (let n = 0; n < 120; n += 1) await fleet.host(`mac-${n}`);
    await fleet.clock.pass(2 * 3_600_000);
    expect(oldest()).toBe(1);
    const before = rows();
    fleet.clock.set(402 * DAY);
    await fleet.restart();
    await fleet.clock.pass(2 * 3_600_000);
    expect(verifyAudit(database.db.$client).fault).toBeUndefined();
    if (keepAuditDays === 0) expect(rows()).toBeGreaterThanOrEqual(before);
    else expect(rows()).toBeLessThan(10);
    fleet.close();
  }
});

test("0 keeps all", async () => {
  const clock = virtualClock();
  const database = openMemoryDatabase();
  seedEnded(database, 50, clock.now() - 999 * DAY);
  const fleet = await startFleet({ database, config: { keepEndedDays: 0 } });
  await fleet.clock.pass(2 * DAY);
  expect(counts(database).vms).toBe(50);
  fleet.close();
});

test("a guest that tells of the wrong job without end fills no disk, and its VM's end is still written down", async () => {
  const database = openMemoryDatabase();
  const fleet = await startFleet({ database });
  const host = await fleet.host("mac-1");
  const id = await fleet.create({ jobId: "right" });
  await host.bringUpAll();
  const store = makeStore(database);
  const context = { now: fleet.clock.now(), budgets: { maxAttempts: 3 } as never };
  for (let round = 0; round < 30; round += 1) {
    const floods = Array.from({ length: 50 }, () =>
      store.applyEvent(id, { kind: "wrong_job", attempt: 1, jobId: "wrong" }, context),
    );
    await Promise.all(floods);
  }
  const events = fleet.useCases.vmEvents(id, 0, 2000);
  expect(events).toHaveLength(1001);
  expect(events.at(-1)?.message).toMatch(/not written down any more/);
  await host.report({ kind: "gone", vmId: id, attempt: 1 });
  expect(fleet.useCases.vmEvents(id, 0, 2000).at(-1)).toMatchObject({ type: "state", state: "failed" });
  fleet.close();
});
