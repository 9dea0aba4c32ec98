import { teamSchema } from "@tartfleet/shared";
import type { Rule } from "./config.ts";

/** What an identity may do, as a rule says. */
export interface Grant {
  role: Rule["role"];
  /** undefined: none was named. */
  team: string | undefined;
}

/**
 * The first rule whose claims are all there as it wants them. A rule whose team is to come from a claim that
 * holds no name of a team does not apply.
 */
export function grantOf(
  rules: readonly Rule[],
  claims: Readonly<Record<string, unknown>>,
): Grant | undefined {
  for (const { claims: wanted, role, team } of rules) {
    const isMet = Object.entries(wanted).every(([name, pattern]) =>
      valuesOf(claims, name).some((value) => matches(pattern, value)),
    );
    if (!isMet) continue;
    if (typeof team !== "object") return { role, team };
    const named = teamSchema.safeParse(valuesOf(claims, team.claim)[0]);
    if (named.success) return { role, team: named.data };
  }
  return undefined;
}

/** Of a claim with a list (groups, audiences) every entry; what is no text, number or boolean is nothing. */
function valuesOf(claims: Readonly<Record<string, unknown>>, name: string): string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return [value]
    .flat()
    .filter((entry) => ["string", "number", "boolean"].includes(typeof entry))
    .map(String);
}

/** `*` stands for any text, also none; all else for itself. Linear in the text, whatever the pattern. */
export function matches(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
