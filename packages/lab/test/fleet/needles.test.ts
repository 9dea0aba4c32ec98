import { describe, expect, test } from "vitest";
import { findNeedles, makeMark, needleOf } from "../support/needles.ts";

const SECRET = `pa"ss\\wörd\n-_end`;
const needle = needleOf("password", SECRET);

const around = (text: string, offset: number) => `${"x".repeat(offset)}${text}${"y".repeat(offset)}`;

describe.each([0, 1, 2, 3, 4])("a secret at offset %d", (offset) => {
  const forms: [string, string][] = [
    ["plain", around(SECRET, offset)],
    ["JSON", JSON.stringify({ deep: around(SECRET, offset) })],
    ["hex", Buffer.from(around(SECRET, offset)).toString("hex")],
    ["base64", Buffer.from(around(SECRET, offset)).toString("base64")],
    ["base64url", Buffer.from(around(SECRET, offset)).toString("base64url")],
  ];
  test.each(forms)("is found in %s", (_form, text) => {
    expect(findNeedles([needle], Buffer.from(text))).toHaveLength(1);
  });
});

test("a planted secret is found with the field that it is of, another mark's is not", () => {
  const [one, other] = [makeMark(), makeMark()];
  expect(findNeedles([one.needle], Buffer.from(`log ${one.plant("script")}`))[0]).toContain("script");
  expect(findNeedles([one.needle], Buffer.from(other.plant("script")))).toEqual([]);
});
