import type { Environment } from "./environment.ts";
import type { Result } from "./result.ts";

/** One result for people: what it is, what the raw twin's is, and whether that is as it should be. */
export function lineOf(result: Result): string {
  const { name, value, unit, baseline, ratio, spread } = result;
  const twin = baseline === null || ratio === null ? "" : `raw ${short(baseline)}, ratio ${short(ratio)}`;
  const parts = [`${short(value)} ${unit}`, spread === null ? "" : `+-${Math.round(spread * 50)} %`];
  const columns = [name.padEnd(44), parts.join(" ").trim().padEnd(28), twin.padEnd(32), verdictOf(result)];
  return columns.join("  ").trimEnd();
}

/** The results as the table of docs/performance.md. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { name, value, unit, baseline, ratio, spread } = result;
    const spreads = spread === null ? "" : ` ±${Math.round(spread * 50)} %`;
    const twin = [baseline, ratio].map((number) => (number === null ? "–" : short(number)));
    return [`\`${name}\``, `${short(value)} ${unit}${spreads}`, ...twin, verdictOf(result) || "–"];
  });
  const lines = [
    ["figure", "measured", "raw twin", "ratio", "aim"],
    Array.from({ length: 5 }, () => "---"),
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What it was measured on, as a sentence beneath the table. */
export function sentenceOf(environment: Environment): string {
  const { commit, node, kernel, cpu, cores, memoryGiB, fsyncP50Ms } = environment;
  const code = commit === null ? "" : `Commit ${commit.slice(0, 7)}, `;
  return `${code}Node ${node}, ${kernel}, ${cores} cores of ${cpu}, ${memoryGiB} GiB; a page is synced in ${short(fsyncP50Ms)} ms (p50).`;
}

function verdictOf({ aim, met, invalid }: Result): string {
  if (invalid !== null) return `INVALID: ${invalid}`;
  return met === null ? "" : `${met ? "met" : "MISSED"} (${aim})`;
}

/** Three digits that mean something. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
