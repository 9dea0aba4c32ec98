import type { TokenRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table } from "./table.ts";
import { age } from "./time.ts";

/** `token list`. */
export function tokenTable(tokens: readonly TokenRecord[], style: Style): string {
  const { now } = style;
  return table(
    tokens,
    [
      { head: "ID", text: ({ id }) => id },
      { head: "ROLE", text: ({ role }) => role },
      { head: "NAME", text: ({ name }) => name, cut: { from: "end", least: 10 } },
      { head: "TEAM", text: ({ team }) => team ?? "-" },
      { head: "USES", text: ({ enrolment }) => usesOf(enrolment), spare: 3 },
      {
        head: "STATE",
        text: (token) => standingOf(token, now),
        paint: (text, token, colors) => (isValid(token, now) ? colors.green(text) : colors.dim(text)),
      },
      { head: "EXPIRES", text: ({ expiresAt }) => (expiresAt === null ? "never" : age(expiresAt, now)) },
      { head: "LAST USED", text: ({ lastUsedAt }) => age(lastUsedAt, now), spare: 2 },
      { head: "CREATED", text: ({ createdAt }) => age(createdAt, now), spare: 1 },
    ],
    style,
  );
}

function usesOf(enrolment: TokenRecord["enrolment"]): string {
  return enrolment === null ? "-" : `${enrolment.uses}/${enrolment.maxUses ?? "unlimited"}`;
}

function isValid(token: TokenRecord, now: number): boolean {
  return standingOf(token, now) === "valid";
}

function standingOf({ revokedAt, expiresAt, enrolment }: TokenRecord, now: number): string {
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return "expired";
  return enrolment?.maxUses != null && enrolment.uses >= enrolment.maxUses ? "used up" : "valid";
}
