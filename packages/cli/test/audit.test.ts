import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { AUDIT_BEGINNING, AUDIT_BEGUN, auditText, type AuditRecord } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { documentOf, fleet } from "./support/fixture.ts";
import { run, scratch } from "./support/run.ts";

/** As the control plane makes them. */
function logOf(acts: number): AuditRecord[] {
  const rows: AuditRecord[] = [];
  for (let seq = 1; seq <= acts + 1; seq += 1) {
    const row = {
      seq,
      at: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString(),
      actor: seq === 1 ? "control plane" : "token =build (4k2)",
      action: seq === 1 ? AUDIT_BEGUN : seq % 2 ? "vm.end" : "vm.create",
      subject: seq === 1 ? "audit log" : `VM ${seq}`,
      outcome: seq === 5 ? ("refused" as const) : ("done" as const),
      address: "192.0.2.1",
      requestId: `req-${seq}`,
      details: seq === 1 ? { database: "log" } : { name: '=HYPERLINK("http://x")', team: "default" },
      previous: rows.at(-1)?.hash ?? AUDIT_BEGINNING,
    };
    rows.push({ ...row, hash: createHash("sha256").update(auditText(row)).digest("hex") });
  }
  return rows;
}

const asLines = (rows: readonly AuditRecord[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

async function fleetWith(rows: readonly AuditRecord[]) {
  const cli = await fleet();
  cli.standIn.audit.push(...rows);
  return cli;
}

test("audit list shows the newest acts, and asks for exactly what is wanted", async () => {
  await using cli = await fleetWith(logOf(6));
  const { code, stdout } = await cli.tartfleet("audit", "list", "--limit", "3");
  expect(code).toBe(0);
  const [head, ...lines] = stdout.trimEnd().split("\n");
  expect(head).toMatch(/^ROW +TIME +WHO +WHAT +TO +FROM +REQUEST +DETAILS$/);
  expect(lines.map((line) => line.trim().split(" ", 1)[0])).toEqual(["7", "6", "5"]);
  expect(lines[2]).toMatch(/ token =build \(4k2\) +vm\.end refused +VM 5 +192\.0\.2\.1 +req-5 +name=/);

  const only = ["--action", "vm.create", "--subject", "VM 4", "--since", "2026-01-01T00:00:02Z", "--json"];
  expect(documentOf(await cli.tartfleet("audit", "list", ...only))).toMatchObject({ records: [{ seq: 4 }] });
  expect((await cli.tartfleet("audit", "list", "--actor", "nobody")).stderr).toContain("No such acts.");
  expect((await cli.tartfleet("audit", "list", "--since", "yesterday")).code).toBe(64);
});

test("audit export gives every row: JSON lines as they are, CSV that no spreadsheet obeys", async () => {
  const rows = logOf(2100);
  await using cli = await fleetWith(rows);
  const { code, stdout } = await cli.tartfleet("audit", "export");
  expect(code).toBe(0);
  expect(stdout).toBe(asLines(rows));

  const since = ["--since", rows.at(-1)?.at ?? ""];
  const csv = (await cli.tartfleet("audit", "export", "--format", "csv", ...since)).stdout.split("\r\n");
  expect(csv[0]).toBe("seq,at,actor,action,subject,outcome,address,requestId,details,previous,hash");
  expect(csv[1]).toContain('"{""name"":""=HYPERLINK(\\""http://x\\"")"",""team"":""default""}"');
  expect(csv[1]?.split(",")[2]).toBe("token =build (4k2)");
  cli.standIn.audit.push({
    ...rows[1]!,
    seq: 9999,
    at: "2027-01-01T00:00:00.000Z",
    actor: "=cmd()",
    subject: "@x",
  });
  const last = (await cli.tartfleet("audit", "export", "--format", "csv", "--since", "2027-01-01T00:00:00Z"))
    .stdout;
  expect(last.split("\r\n")[1]).toMatch(/^9999,2027-01-01T00:00:00\.000Z,'=cmd\(\),vm\.create,'@x,/);
});

test("audit verify goes through every page, and gives the anchor to keep", async () => {
  const rows = logOf(2100);
  await using cli = await fleetWith(rows);
  const { code, stdout } = await cli.tartfleet("audit", "verify");
  expect(code).toBe(0);
  const anchor = `2101:${rows.at(-1)?.hash}`;
  expect(stdout).toContain("The audit log is whole: 2101 rows, 1 (2026-01-01T00:00:01.000Z) to 2101");
  expect(stdout).toContain(anchor);
  expect(documentOf(await cli.tartfleet("audit", "verify", "--json", "--anchor", anchor))).toEqual({
    whole: true,
    rows: 2101,
    first: 1,
    last: 2101,
    anchor,
    fault: null,
  });
  cli.standIn.audit.pop();
  const cut = await cli.tartfleet("audit", "verify", "--anchor", anchor);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toContain("the log ends at row 2100, but the anchor is row 2101");
});

test("audit verify says which row is the first that is wrong, with exit code 1", async () => {
  const rows = logOf(4);
  rows[2] = { ...rows[2]!, actor: "token somebody (else)" };
  await using cli = await fleetWith(rows);
  const { code, stdout, stderr } = await cli.tartfleet("audit", "verify", "--json");
  expect(code).toBe(1);
  expect(stderr).toContain("The audit log is not whole: row 3 was changed: its hash does not fit it.");
  expect(JSON.parse(stdout)).toMatchObject({ whole: false, rows: 2, last: 2, fault: { seq: 3 } });
});

test("audit verify takes an export, whole or since some time, without a control plane", async () => {
  await using dir = await scratch();
  const rows = logOf(6);
  const file = dir.file("audit.jsonl");
  await writeFile(file, asLines(rows.slice(3)));
  const part = await run(["audit", "verify", file]);
  expect(part.code).toBe(0);
  expect(part.stdout).toContain("4 rows, 4 (");
  expect(part.stdout).toContain("What came before row 4 is not among them.");
  expect((await run(["audit", "verify", "-"], { input: asLines(rows) })).code).toBe(0);
  const swapped = asLines([...rows.slice(0, 2), ...rows.slice(3), ...rows.slice(2, 3)]);
  expect((await run(["audit", "verify", "-"], { input: swapped })).stderr).toContain("row 3 is missing");
  expect((await run(["audit", "verify", dir.file("none")])).code).toBe(64);
  const nonsense = await run(["audit", "verify", "-"], { input: `${asLines(rows)}nonsense\n` });
  expect(nonsense.code).toBe(64);
  expect(nonsense.stderr).toContain("line 8, is not a row");
  expect((await run(["audit", "verify", file, "--anchor", "7"])).code).toBe(64);
});

test("the audit log is for admins", async () => {
  await using cli = await fleetWith(logOf(1));
  const env = { ...cli.env, TARTFLEET_TOKEN: "tf_viewer_secret_0003" };
  expect((await run(["audit", "list"], { env })).code).toBe(3);
});
