import { AUDIT_BEGINNING, auditText, type AuditRecord } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  AUDIT_ROWS_AFTER,
  auditRecordOf,
  sha256,
  verifyAudit,
  type AuditRow,
} from "../../src/store/audit.ts";
import { openMemoryDatabase, type MemoryDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { ACT, queuedVm } from "../support/vms.ts";

const rowsOf = ({ db }: MemoryDatabase): AuditRecord[] =>
  db.$client.prepare<[number], AuditRow>(AUDIT_ROWS_AFTER).all(0).map(auditRecordOf);

/** A log of so many acts after the row that begins it. */
async function logOf(acts: number) {
  const database = openMemoryDatabase();
  const store = makeStore(database);
  for (let n = 1; n <= acts; n += 1) {
    await store.recordAct({ ...ACT, subject: `VM ${n}`, details: { n, text: `act ${n}` } }, n * 1000);
  }
  return { database, store, rows: rowsOf(database) };
}

/** As someone does who has the file: past the triggers. */
function tamper({ db }: MemoryDatabase, ...statements: string[]): void {
  db.$client.exec("drop trigger audit_keeps; drop trigger audit_keeps_all");
  for (const statement of statements) db.$client.exec(statement);
}

const faultOf = ({ db }: MemoryDatabase, anchor?: { seq: number; hash: string }) =>
  verifyAudit(db.$client, anchor).fault?.message;

test("a row's hash is what anyone can compute: SHA-256 of a JSON array of its fields", () => {
  const row = {
    seq: 2,
    at: "2026-01-01T00:00:00.000Z",
    actor: "token github (4k2)",
    action: "vm.create",
    subject: "VM abc",
    outcome: "done" as const,
    address: "192.0.2.1",
    requestId: null,
    details: { team: "default", image: "ghcr.io/org/image:1", cpu: 4 },
    previous: AUDIT_BEGINNING,
  };
  // The hash is sha256sum's of that line.
  expect(auditText(row)).toBe(
    `["${"0".repeat(64)}",2,"2026-01-01T00:00:00.000Z","token github (4k2)","vm.create","VM abc","done","192.0.2.1",null,{"cpu":4,"image":"ghcr.io/org/image:1","team":"default"}]`,
  );
  expect(sha256(auditText(row))).toBe("7f57b5dbb3649309ccf4ceb011d9f370eabd39d908b3af4afc3e2e0a3744831e");
});

test("the log begins with the database it is of, has no gaps and verifies", async () => {
  const { database, rows } = await logOf(3);
  expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(rows[0]).toMatchObject({
    action: "audit.begun",
    actor: "control plane",
    details: { database: database.logId },
    previous: AUDIT_BEGINNING,
  });
  expect(verifyAudit(database.db.$client)).toMatchObject({ rows: 4, last: { seq: 4 }, fault: undefined });
});

test("the database refuses to change or remove a row", async () => {
  const { database } = await logOf(1);
  expect(() => database.db.$client.exec("update audit set actor = 'x'")).toThrow(/never changed/);
  expect(() => database.db.$client.exec("delete from audit")).toThrow(/never removed/);
});

test.each([
  ["at", "at + 1"],
  ["actor", "'token somebody (else)'"],
  ["action", "'vm.end'"],
  ["subject", "'VM 9'"],
  ["outcome", "'refused'"],
  ["address", "'192.0.2.9'"],
  ["request_id", "'another'"],
  ["details", `'{"n":3,"text":"act 2"}'`],
  ["details", `details || ' '`],
  ["details", `'null'`],
  ["previous", "hash"],
  ["hash", "previous"],
  ["seq", "-seq"],
])("a changed %s (%s) is found, in any row", async (column, value) => {
  for (const seq of [1, 2, 3]) {
    const { database } = await logOf(3);
    tamper(database, `update audit set ${column} = ${value} where seq = ${seq}`);
    expect(faultOf(database), `row ${seq}`).toEqual(expect.any(String));
  }
});

test("a row that is taken out, put in, or swapped with another is found", async () => {
  const out = await logOf(4);
  tamper(out.database, "delete from audit where seq = 3");
  expect(faultOf(out.database)).toBe("row 3 is missing: row 2 is followed by row 4");

  const head = await logOf(4);
  tamper(head.database, "delete from audit where seq <= 2");
  expect(faultOf(head.database)).toBe("row 1 is missing: the beginning is followed by row 3");

  const closed = await logOf(4);
  tamper(closed.database, "delete from audit where seq = 3", "update audit set seq = seq - 1 where seq > 3");
  expect(faultOf(closed.database)).toBe("row 3 was changed: its hash does not fit it");

  const swapped = await logOf(4);
  tamper(
    swapped.database,
    "update audit set seq = 100 where seq = 2",
    "update audit set seq = 2 where seq = 3",
    "update audit set seq = 3 where seq = 100",
  );
  expect(faultOf(swapped.database)).toBe("row 2 was changed: its hash does not fit it");
});

/** Every row from `seq` on, made anew after a change: what someone can do who knows how the chain is made. */
function forge(rows: AuditRecord[], seq: number, change: Partial<AuditRecord>): AuditRecord[] {
  const forged: AuditRecord[] = [];
  for (const row of rows) {
    const previous = forged.at(-1)?.hash ?? AUDIT_BEGINNING;
    const changed = { ...row, ...(row.seq === seq ? change : {}), previous };
    forged.push({ ...changed, hash: sha256(auditText(changed)) });
  }
  return forged;
}

test("a log that was rewritten as a whole, or cut at its end, is found with an anchor", async () => {
  const { database, rows } = await logOf(4);
  const anchor = { seq: 4, hash: rows[3]?.hash ?? "" };
  expect(faultOf(database, anchor)).toBeUndefined();
  tamper(
    database,
    ...forge(rows, 3, { actor: "token nobody (x)" }).map(
      ({ seq, actor, previous, hash }) =>
        `update audit set actor = '${actor}', previous = '${previous}', hash = '${hash}' where seq = ${seq}`,
    ),
  );
  expect(faultOf(database)).toBeUndefined();
  expect(faultOf(database, anchor)).toMatch(/^row 4 is not the one of the anchor/);

  const cut = await logOf(4);
  tamper(cut.database, "delete from audit where seq > 3");
  expect(faultOf(cut.database)).toBe(
    "the log ends at row 3, but the database has given out 5: the rows after were cut off",
  );
  cut.database.db.$client.exec("update sqlite_sequence set seq = 3 where name = 'audit'");
  expect(faultOf(cut.database)).toBeUndefined();
  expect(faultOf(cut.database, anchor)).toBe(
    "the log ends at row 3, but the anchor is row 4: what came after row 3 was cut off",
  );
});

test("a restored database goes on with the chain and says so; an anchor from the lost time tells why", async () => {
  const { database, store, rows } = await logOf(2);
  const backup = database.contents();
  await store.recordAct({ ...ACT, subject: "VM lost" }, 9000);
  const lost = rowsOf(database).at(-1);

  const copy = openMemoryDatabase(backup);
  copy.db.run("delete from meta where key = 'log_id'");
  const restored = openMemoryDatabase(copy.contents());
  const again = makeStore(restored);
  await again.continueAudit(10_000);
  await again.continueAudit(10_001);
  await again.recordAct(ACT, 11_000);
  const after = rowsOf(restored);
  expect(after.slice(0, 3)).toEqual(rows);
  expect(after.slice(3).map(({ action }) => action)).toEqual(["audit.continued", "test"]);
  expect(after[3]?.details).toEqual({ from: database.logId, database: restored.logId });
  expect(faultOf(restored)).toBeUndefined();
  expect(faultOf(restored, { seq: lost?.seq ?? 0, hash: lost?.hash ?? "" })).toMatch(
    /row 4 is not the one of the anchor/,
  );
});

const DAY = 86_400_000;

/** A log of an act a day, of which the first so many were shortened by the step that follows; nothing is removed yet. */
async function oldLog(acts: number) {
  const database = openMemoryDatabase();
  const store = makeStore(database);
  for (let n = 1; n <= acts; n += 1) await store.recordAct({ ...ACT, subject: `VM ${n}` }, n * DAY);
  return { database, store, rows: rowsOf(database) };
}

test("the beginning of a log is removed in steps once it is old; the log says so first, and verifies all the while", async () => {
  const { database, store, rows } = await oldLog(9);
  const anchor = ({ seq, hash }: AuditRecord) => ({ seq, hash });
  const [first, , third, fourth, , sixth] = rows;
  if (!first || !third || !fourth || !sixth) throw new Error("the log is too short");
  const left: number[] = [];
  while (await store.shortenAudit(5 * DAY, 2, 10 * DAY)) {
    left.push(rowsOf(database).length);
    expect(faultOf(database)).toBeUndefined();
    expect(faultOf(database, anchor(sixth))).toBeUndefined();
  }
  // Row 1 begins the log; rows 2 to 5 are of the first four days. The one that says so comes last.
  expect(left).toEqual([9, 7]);
  const kept = rowsOf(database);
  expect(kept.map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10, 11]);
  expect(kept.at(-1)).toMatchObject({
    action: "audit.shortened",
    actor: "control plane",
    details: { ...anchor(rows[4] ?? first), database: database.logId },
  });
  expect(verifyAudit(database.db.$client)).toMatchObject({ rows: 6, fault: undefined });
  // The last row that is gone is known by what follows it, those before are not.
  expect(faultOf(database, anchor(rows[4] ?? first))).toBeUndefined();
  expect(faultOf(database, anchor(fourth))).toBe("the anchor is row 4, but these rows begin at 6");

  // Not anew for every row that grows old, and its database is still known.
  expect(await store.shortenAudit(5.5 * DAY, 2, 10 * DAY)).toBe(false);
  await store.continueAudit(11 * DAY);
  expect(rowsOf(database)).toHaveLength(6);
});

test("more than the log says cannot be removed, and is found when somebody does it", async () => {
  const { database, store } = await oldLog(9);
  await store.shortenAudit(5 * DAY, 2, 10 * DAY);
  const { $client } = database.db;
  expect(() => $client.exec("delete from audit where seq = 6")).toThrow(/never removed/);
  $client.exec("delete from audit where seq <= 5");
  expect(faultOf(database)).toBeUndefined();
  tamper(database, "delete from audit where seq = 6");
  expect(faultOf(database)).toBe("row 6 is missing: the beginning is followed by row 7");

  const other = await oldLog(9);
  await other.store.shortenAudit(5 * DAY, 99, 10 * DAY);
  const forged = forge(rowsOf(other.database), 6, { actor: "token nobody (x)" });
  tamper(
    other.database,
    ...forged.map(
      ({ seq, actor, previous, hash }) =>
        `update audit set actor = '${actor}', previous = '${previous}', hash = '${hash}' where seq = ${seq}`,
    ),
  );
  expect(faultOf(other.database)).toBe(
    "row 6 does not follow the rows that were removed: row 11 says that they end in another one",
  );
});

test("steps of one transaction follow each other, and one that is rolled back leaves neither row nor gap", async () => {
  const database = openMemoryDatabase();
  const store = makeStore(database);
  const accept = (id: string, name: string) =>
    store.acceptVm(
      {
        vm: queuedVm({ id, name }),
        createdBy: "ci",
        idempotencyKey: null,
        bodyHash: "",
        secrets: null,
        mostQueued: 10,
      },
      { ...ACT, action: "vm.create", subject: `VM ${id}` },
      1000,
    );
  const results = await Promise.allSettled([
    accept("aaaaaaaaaaaaaaaa", "one"),
    accept("bbbbbbbbbbbbbbbb", "one"),
    store.revokeToken("nobody", ACT, 1000),
    accept("cccccccccccccccc", "two"),
    store.recordAct({ ...ACT, subject: "last" }, 1000),
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  expect(rowsOf(database).map(({ seq, subject }) => `${seq} ${subject}`)).toEqual([
    "1 audit log",
    "2 VM aaaaaaaaaaaaaaaa",
    "3 VM cccccccccccccccc",
    "4 last",
  ]);
  expect(faultOf(database)).toBeUndefined();
});

test("whatever text an act is about, and in whatever group it comes, the chain verifies", async () => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  const act = fc.record({
    actor: text,
    subject: text,
    address: fc.option(text),
    requestId: fc.option(text),
    details: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
      maxKeys: 3,
    }),
    fails: fc.boolean(),
  });
  const database = openMemoryDatabase();
  const store = makeStore(database);
  let rows = 1;
  await store.recordAct(ACT, 0);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(act, { maxLength: 5 }), { maxLength: 6 }), async (groups) => {
      for (const group of groups) {
        await Promise.allSettled(
          group.map(({ fails, ...about }) =>
            fails ? store.revokeToken("nobody", ACT, 5) : store.recordAct({ ...ACT, ...about }, 5),
          ),
        );
        rows += group.filter(({ fails }) => !fails).length;
      }
      expect(verifyAudit(database.db.$client)).toMatchObject({ rows: rows + 1, fault: undefined });
    }),
    { numRuns: 60 },
  );
});
