import type { Point } from "./finding.ts";

/** One line a point; more of its evidence below it when it is broken. */
export function reportText(points: readonly Point[]): string {
  const lines = points.flatMap(({ number, title, verdict, evidence }) => {
    const [first = "", ...more] = evidence.split("\n");
    const head = `${verdict.padEnd(7)}  ${String(number).padStart(2)}  ${title}${first === "" ? "" : `: ${first}`}`;
    return verdict === "broken" ? [head, ...more.map((line) => `             ${line}`)] : [head];
  });
  const count = (verdict: Point["verdict"]) => points.filter((one) => one.verdict === verdict).length;
  return [
    ...lines,
    `${count("kept")} kept, ${count("broken")} broken, ${count("absent")} not in this image, ${count("by hand")} for a person to look at`,
  ].join("\n");
}
