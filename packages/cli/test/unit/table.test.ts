import { stripVTControlCharacters } from "node:util";
import { aVm } from "@tartfleet/shared/testing";
import * as fc from "fast-check";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { Style } from "../../src/output/style.ts";
import { table, type Column } from "../../src/output/table.ts";
import { vmTable } from "../../src/output/vms.ts";

const NOW = Date.parse("2026-01-01T00:10:00.000Z");
const style = (width: number, coloured = false): Style => ({
  colors: picocolors.createColors(coloured),
  width,
  terminal: true,
  now: NOW,
});

interface Row {
  id: string;
  long: string;
}
const columns: Column<Row>[] = [
  { head: "ID", text: ({ id }) => id, paint: (text, _row, colors) => colors.red(text) },
  { head: "LONG", text: ({ long }) => long, cut: { from: "end", least: 6 } },
  { head: "SPARE", text: ({ long }) => long, spare: 1 },
];

test("a table fits the width wherever it can, and ids are never cut", () => {
  const rows = fc.array(
    fc.record({ id: fc.stringMatching(/^[a-z0-9]{16}$/), long: fc.stringMatching(/^[ -~]{0,60}$/) }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: 10, max: 200 }), fc.boolean(), (rows, width, coloured) => {
      const lines = table(rows, columns, style(width, coloured)).split("\n").map(stripVTControlCharacters);
      expect(lines).toHaveLength(rows.length + 1);
      for (const [index, { id }] of rows.entries()) expect(lines[index + 1]).toContain(id);
      const least = 16 + 2 + 6;
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(width, least));
    }),
  );
});

test("the table of VMs fits 80 columns and keeps id, state and the image's end", () => {
  const vm = aVm({
    id: "aaaabbbbccccdddd",
    image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/platform/macos-sequoia-xcode:16.4",
    name: "a-name-that-somebody-made-rather-long-for-a-build",
    jobId: "17171717171-build-and-test-everything",
    createdAt: "2026-01-01T00:07:00.000Z",
  });
  const text = vmTable(
    [{ ...vm, state: "provisioning", host: "mac-mini-rack-b4-slot-12", slot: 1 }],
    style(80),
  );
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(text).toContain("aaaabbbbccccdddd");
  expect(text).toContain("provisioning");
  expect(text).toMatch(/…\S*:16\.4 +3m ago$/m);
});

test("a wide terminal and a pipe cut nothing", () => {
  const row = { id: "x", long: "y".repeat(300) };
  expect(table([row], columns, style(Number.POSITIVE_INFINITY))).toContain(row.long);
});

test("what could move the cursor is shown as text, on one line", () => {
  const row = { id: "x", long: "one\n\u001b[2Jtwo\u0007" };
  const text = table([row], columns, style(200));
  expect(text.split("\n")).toHaveLength(2);
  expect(text).not.toContain("\u001b");
  expect(text).toContain("one �[2Jtwo�");
});
