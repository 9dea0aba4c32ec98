import { worstFirst, type Finding, type FindingState } from "@tartfleet/shared";
import type { Colors } from "./style.ts";
import { count, oneLine } from "./text.ts";

/** `1 error, 2 warnings`; `-` when no doctor has looked. What is unknown needs nobody at once. */
export function findingsInShort(findings: readonly Finding[] | undefined): string {
  if (findings === undefined) return "-";
  const amount = (wanted: FindingState) => findings.filter(({ state }) => state === wanted).length;
  const parts = [
    amount("error") > 0 ? count(amount("error"), "error") : undefined,
    amount("warning") > 0 ? count(amount("warning"), "warning") : undefined,
  ].filter((part) => part !== undefined);
  return parts.join(", ") || "ok";
}

/** Red where something is an error, yellow where a warning is the worst. */
export function paintFindings(
  text: string,
  findings: readonly Finding[] | undefined,
  colors: Colors,
): string {
  const [worst] = worstFirst(findings ?? []);
  return worst === undefined ? text : paint(text, worst.state, colors);
}

/** What is not ok, worst first, each with its cure below it; and how much is ok. */
export function findingsText(findings: readonly Finding[], colors: Colors): string {
  const wrong = worstFirst(findings).filter(({ state }) => state !== "ok");
  const lines = wrong.flatMap(({ code, state, message, cure }) => [
    `${paint(state, state, colors)} ${oneLine(code)}: ${oneLine(message)}`,
    ...(cure === null ? [] : [`  $ ${oneLine(cure)}`]),
  ]);
  const good = findings.length - wrong.length;
  return [...lines, `${good} ok`].join("\n");
}

function paint(text: string, state: FindingState, colors: Colors): string {
  if (state === "error") return colors.red(text);
  return state === "warning" ? colors.yellow(text) : text;
}
