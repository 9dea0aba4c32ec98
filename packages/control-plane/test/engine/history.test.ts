import type { Report } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { makeChanges } from "../../src/engine/changes.ts";
import { startHistory } from "../../src/engine/history.ts";
import { makePatience } from "../../src/engine/patience.ts";
import { startRetention } from "../../src/engine/retention.ts";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { CI, startFleet, virtualClock } from "../support/fleet.ts";

const IMAGE = "ghcr.io/org/image:1";
type Fleet = Awaited<ReturnType<typeof startFleet>>;
type Agent = Awaited<ReturnType<Fleet["host"]>>;

async function start() {
  const database = openMemoryDatabase();
  const fleet = await startFleet({ database });
  const rows = () =>
    database.db.all<Record<string, unknown>>(
      "select attempt, phase, duration_ms as ms, outcome, measured, verdict from phase_times order by id",
    );
  return { database, fleet, rows, store: makeStore(database) };
}

/** Seconds in which nothing goes wrong: the agent gives its signs of life. */
async function pass(fleet: Fleet, agent: Agent, seconds: number) {
  for (let left = seconds; left > 0; left -= 5) {
    await fleet.clock.pass(Math.min(5, left) * 1000);
    await agent.heartbeat();
  }
}

const phase = (vmId: string, name: "pulling" | "cloning" | "booting" | "provisioning" | "ready"): Report => ({
  kind: "phase",
  vmId,
  attempt: 1,
  phase: name,
});

test("every phase of a VM's life is written down with how long it took", async () => {
  const { fleet, rows } = await start();
  const id = await fleet.create();
  await fleet.clock.pass(7000);
  const mac = await fleet.host("mac-1");
  await pass(fleet, mac, 1);
  await mac.report(phase(id, "pulling"));
  await pass(fleet, mac, 60);
  await mac.report(phase(id, "cloning"));
  await pass(fleet, mac, 2);
  await mac.report(phase(id, "booting"));
  await pass(fleet, mac, 20);
  await mac.report(phase(id, "provisioning"));
  await pass(fleet, mac, 3);
  await mac.report(phase(id, "ready"));
  await pass(fleet, mac, 100);
  await fleet.useCases.endVm(CI, id, {});
  await pass(fleet, mac, 4);
  await mac.removeAll();
  const seen = rows().map(({ phase: name, ms, outcome, measured, verdict }) => [
    name,
    ms,
    outcome,
    measured,
    verdict,
  ]);
  expect(seen).toEqual([
    ["queued", 7000, "done", 1, null],
    ["assigned", 1000, "done", 1, null],
    ["pulling", 60_000, "done", 1, null],
    ["cloning", 2000, "done", 1, null],
    ["booting", 20_000, "done", 1, null],
    ["provisioning", 3000, "done", 1, "ready"],
    ["run", 100_000, "client", 1, null],
    ["stop", 4000, "done", 1, null],
  ]);
  fleet.close();
});

test("a failed attempt is no duration, and says what became of it", async () => {
  const { fleet, rows, store } = await start();
  const mac = await fleet.host("mac-1");
  const id = await fleet.create();
  await mac.report(phase(id, "cloning"));
  const error = { code: "host_disk_full" as const, message: "full", facts: {} };
  await mac.report({ kind: "failed", vmId: id, attempt: 1, phase: "cloning", error });
  const failed = { phase: "cloning", outcome: "host_disk_full", verdict: "host_disk_full" };
  expect(rows()[2]).toMatchObject({ ...failed, attempt: 1, measured: 0 });
  expect(store.verdicts({ hostId: 1 }, 9)).toMatchObject([{ ...failed, vmId: id, image: IMAGE }]);
  expect(store.verdicts({ image: IMAGE }, 9)).toHaveLength(1);
  expect(store.verdicts({ hostId: 2 }, 9)).toEqual([]);
  fleet.close();
});

test("neither a silent host nor the control plane's downtime counts as boot time, and a run goes on through both", async () => {
  const { fleet, rows } = await start();
  const mac = await fleet.host("mac-1");
  const boots = await fleet.create();
  const runs = await fleet.create();
  await mac.report(phase(boots, "booting"), phase(runs, "ready"));
  await pass(fleet, mac, 5);
  await fleet.clock.pass(40_000);
  await mac.heartbeat();
  await mac.report(phase(boots, "ready"));
  expect(rows().at(-1)).toMatchObject({ phase: "booting", ms: 45_000, measured: 0, verdict: "ready" });

  fleet.clock.set(600_000);
  await fleet.restart();
  await fleet.clock.pass(1000);
  await mac.hello();
  await pass(fleet, mac, 60);
  await fleet.useCases.endVm(CI, runs, {});
  expect(rows().at(-1)).toMatchObject({ phase: "run", ms: 706_000, measured: 1 });
  fleet.close();
});

test("quantiles go by the newest few hundred of a key, read once and kept up to date", async () => {
  const { fleet, database, store } = await start();
  database.db.$client.exec(
    `insert into phase_times (at, vm_id, attempt, host_id, team, image, phase, duration_ms, outcome, measured)
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
     select i, 'vm', 1, 1, 'default', '${IMAGE}', 'run', i * 1000, 'client', 1 from n`,
  );
  const changes = makeChanges();
  let reads = 0;
  const counted = {
    ...store,
    durations: (...asked: Parameters<typeof store.durations>) => ((reads += 1), store.durations(...asked)),
  };
  const history = startHistory(counted, changes);
  const key = { phase: "run", image: IMAGE } as const;
  expect(history.count(key)).toBe(256);
  expect(history.quantile(key, 0)).toBe(745_000);
  expect(history.remaining(key, 900_000, 1)).toBe(100_000);
  expect(history.quantile({ phase: "run", team: "other", image: IMAGE }, 0.5)).toBeUndefined();
  const verdicts: string[] = [];
  history.onVerdict(({ verdict }) => verdicts.push(String(verdict)));

  const mac = await fleet.host("mac-1");
  const id = await fleet.create();
  await mac.report(phase(id, "ready"));
  await pass(fleet, mac, 2000);
  await fleet.useCases.endVm(CI, id, {});
  const last = store.verdicts({ hostId: 1 }, 1)[0];
  if (!last) throw new Error("it was ready");
  const finished = { ...last, id: last.id + 1, phase: "run" as const, durationMs: 2_000_000 };
  changes.publish({
    outcome: "applied",
    spent: null,
    phase: finished,
    hosts: [],
    roomChanged: false,
    event: null,
    vm: { id } as never,
  });
  expect(history.quantile(key, 1)).toBe(2_000_000);
  expect(history.count(key)).toBe(256);
  expect(verdicts).toEqual(["ready"]);
  expect(reads).toBe(2);
  history.stop();
  fleet.close();
});

test("what is old, or more than is kept, is forgotten in small steps", async () => {
  const clock = virtualClock();
  const database = openMemoryDatabase();
  const count = () => database.db.all<{ n: number }>("select count(*) as n from phase_times")[0]?.n;
  database.db.$client.exec(
    `insert into phase_times (at, vm_id, attempt, team, image, phase, duration_ms, outcome, measured)
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)
     select ${clock.now()} - (300 - i) * 86400000, 'vm', 1, 'default', 'image', 'run', 1, 'client', 1 from n`,
  );
  const store = makeStore(database);
  const patience = makePatience(clock, (error) => expect.unreachable(String(error)));
  const retention = startRetention({ store, clock, patience, keepEndedDays: 90, keepAuditDays: 0 });
  await clock.pass(70_000);
  expect(count()).toBe(90);
  while (await store.forgetPhases(0, 50, 20));
  expect(count()).toBe(50);
  retention.stop();
});
