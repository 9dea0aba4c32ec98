import { FINDING_STATES, worstFirst, type Finding } from "@tartfleet/shared";
import { FINDING_CODES, ONLY_MACS } from "./judge.ts";

/** The findings for people, worst first, each with its cure below it. */
export function reportText(findings: readonly Finding[]): string {
  const width = (column: readonly string[]) => Math.max(...column.map((text) => text.length));
  const states = width(FINDING_STATES);
  const codes = width(findings.map(({ code }) => code));
  const indent = " ".repeat(states + codes + 4);
  const lines = worstFirst(findings).flatMap(({ state, code, message, cure }) => [
    `${state.padEnd(states)}  ${code.padEnd(codes)}  ${message}`,
    ...(cure === null ? [] : [`${indent}$ ${cure}`]),
  ]);
  const unseen = FINDING_CODES.filter(
    (code) => ONLY_MACS.has(code) && !findings.some((finding) => finding.code === code),
  );
  if (unseen.length > 0) {
    lines.push(`This is not a Mac, so that these were not looked at: ${unseen.join(", ")}.`);
  }
  return `${lines.join("\n")}\n`;
}

/** Exit code of the doctor's command: what stops VMs is a failure, the rest is for people to weigh. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ state }) => state === "error") ? 1 : 0;
}
