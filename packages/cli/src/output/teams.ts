import type { TeamRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table } from "./table.ts";

/** `team list`: what each team may have, what it has, and what waits. */
export function teamTable(teams: readonly TeamRecord[], style: Style): string {
  return table(
    teams,
    [
      { head: "TEAM", text: ({ name }) => name },
      { head: "GUARANTEED", text: ({ guaranteed }) => String(guaranteed), align: "right" },
      { head: "CAP", text: ({ cap }) => (cap === null ? "-" : String(cap)), align: "right" },
      { head: "WEIGHT", text: ({ weight }) => String(weight), align: "right" },
      { head: "HELD", text: ({ held }) => String(held), align: "right" },
      { head: "QUEUED", text: ({ queued }) => String(queued), align: "right" },
      { head: "SHARE", text: ({ isSet }) => (isSet ? "set" : "as any team's"), spare: 1 },
    ],
    style,
  );
}
