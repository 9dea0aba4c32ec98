import type { Result } from "./result.ts";

/** One result for people: what it is, what the raw twin's is, and whether that is as it should be. */
export function lineOf({ name, value, unit, baseline, ratio, aim, met, spread }: Result): string {
  const verdict = met === null ? "" : `${met ? "met" : "MISSED"} (${aim})`;
  const twin = baseline === null || ratio === null ? "" : `raw ${short(baseline)}, ratio ${short(ratio)}`;
  const parts = [`${short(value)} ${unit}`, spread === null ? "" : `+-${Math.round(spread * 50)} %`];
  return [name.padEnd(44), parts.join(" ").trim().padEnd(28), twin.padEnd(32), verdict].join("  ").trimEnd();
}

/** Three digits that mean something. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
