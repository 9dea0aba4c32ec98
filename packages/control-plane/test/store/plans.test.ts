import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { seedEnded } from "../support/million.ts";
import { ACT, BUDGETS, queuedVm } from "../support/vms.ts";

/** Every statement that is prepared from now on, with how SQLite means to carry it out. */
function watchPlans(database: ReturnType<typeof openMemoryDatabase>): { sql: string; step: string }[] {
  const client = database.db.$client;
  const prepare = client.prepare.bind(client);
  const seen: { sql: string; step: string }[] = [];
  client.prepare = ((sql: string) => {
    const statement = prepare(sql);
    if (/^\s*(select|insert|update|delete)/i.test(sql)) {
      const plan = prepare(`explain query plan ${sql}`);
      const unbound = (sql.match(/\?/g) ?? []).map(() => null);
      for (const { detail } of plan.all(...unbound) as { detail: string }[]) seen.push({ sql, step: detail });
    }
    return statement;
  }) as typeof client.prepare;
  return seen;
}

/** A minimum that no index leads to is called a search, too. */
const READS_ALL = /(SCAN (vms|attempts|events|tokens|phase_times)\b|SEARCH (vms|attempts|events|tokens)$)/;
/** Indexes that hold live VMs, or attempts whose instance may be there, alone. */
const SMALL = /USING (COVERING )?INDEX (vms_live|vms_deadline|vms_queued|attempts_on_host|attempts_slot)/;

test("nothing that the engine does all the time reads through all VMs, attempts or events", async () => {
  const database = openMemoryDatabase();
  seedEnded(database, 10, 1_700_000_000_000);
  const store = makeStore(database);
  const plans = watchPlans(database);
  const vm = queuedVm({ id: "one", name: "one" });
  const accepted = {
    vm,
    createdBy: "ci",
    idempotencyKey: "k",
    bodyHash: "",
    secrets: null,
    mostQueued: 10,
  };
  await store.acceptVm(accepted, ACT, 0);
  await store.placeVms([{ vmId: "one", hostId: 1, slot: 0 }], { now: 1, budgets: BUDGETS });
  await store.applyEvent("one", { kind: "phase", attempt: 1, phase: "ready" }, { now: 2, budgets: BUDGETS });
  await store.extendBudgets(5, 5, 0);
  await store.forgetEnded(1_800_000_000_000, 0, 20);
  for (const key of [{}, { image: "x" }, { digest: "x" }]) store.durations({ phase: "booting", ...key }, 9);
  store.durations({ phase: "run", team: "x", image: "x" }, 9);
  for (const about of [{ hostId: 1 }, { image: "x" }, { digest: "x" }]) store.verdicts(about, 9);
  store.nextDeadline();
  store.dueVms(9, 10);
  store.liveImages();
  store.countQueued();
  store.usage("default");
  store.hosts();
  store.hostById(1);
  store.requests();
  store.request("one");
  store.assignments(1);
  store.bringUpsOn(1);
  store.events("one", 0, 10);
  for (const filter of [{ actor: "x" }, { action: "x" }, { subject: "x" }])
    store.auditRows({ limit: 10, order: "newest", ...filter });
  await store.continueAudit(6);
  store.vm("one");
  store.listVms({ limit: 10, state: ["ready", "booting"] }, undefined);
  store.listVms({ limit: 10, state: undefined, jobId: "job-1" }, undefined);
  store.listVms({ limit: 10, state: undefined, name: "one" }, undefined);
  const scans = plans.filter(({ step }) => READS_ALL.test(step) && !SMALL.test(step));
  expect(scans).toEqual([]);
  expect(plans.length).toBeGreaterThan(40);
});

test("pages by label or ended state look at so many VMs at most, and lead on to all that fit", async () => {
  const database = openMemoryDatabase();
  seedEnded(database, 5000, 1_700_000_000_000);
  database.db.$client.exec("update vms set state = 'failed' where seq in (7, 4990)");
  const store = makeStore(database);
  const query = { limit: 10, state: ["failed" as const] };
  const found: number[] = [];
  let before: number | undefined;
  let pages = 0;
  for (;;) {
    const floor = store.pageFloor(query, before);
    found.push(...store.listVms(query, before, floor?.seq).map(({ seq }) => seq));
    pages += 1;
    if (!floor) break;
    before = floor.seq;
  }
  expect(found).toEqual([4990, 7]);
  expect(pages).toBe(3);
  expect(store.pageFloor({ limit: 10, state: undefined }, undefined)).toBeUndefined();
});
