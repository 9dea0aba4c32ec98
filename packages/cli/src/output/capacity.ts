import type { Capacity, CapacityRoom, SlotCounts } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table, type Column } from "./table.ts";
import { count, harmless, oneLine } from "./text.ts";
import { durationText } from "./time.ts";

type Row = SlotCounts & { label: string };

/** `capacity`: room for what was asked for, the fleet's slots and its queue, then by host label and by image. */
export function capacityText({ room, slots, queued, byHostLabel, byImage }: Capacity, style: Style): string {
  const fleet: Row = { label: "fleet", ...slots };
  const tables = [
    room && roomText(room),
    table([fleet], slotColumns("SLOTS"), style),
    `${count(queued, "VM")} in the queue`,
    byHostLabel.length > 0 ? table(byHostLabel, slotColumns("HOST LABEL"), style) : undefined,
    byImage.length > 0 ? imageTable(byImage, style) : undefined,
  ];
  return tables.filter((text) => text !== undefined).join("\n\n");
}

const LIMITS: Record<CapacityRoom["limitedBy"], string> = {
  hosts: "",
  share: "; the team's cap allows no more",
  reserved: "; the other free slots are kept for other classes",
};

function roomText(room: CapacityRoom): string {
  const { team, image, startNow, withImage, limitedBy, teamHolds, teamCap, waiting, frees } = harmless(room);
  const what = image === null ? "" : ` of ${oneLine(image)}`;
  const having = withImage === null ? "" : `, ${withImage} of them where the image is`;
  const cap = teamCap === null ? "" : ` of at most ${teamCap}`;
  const soon =
    frees === null
      ? "How much becomes free is not known: no VM has come to its end yet."
      : `Within ${durationText(frees.withinSeconds * 1000)} about ${Math.round(frees.expected)} such slots become free, in nine of ten cases at least ${frees.p90}.`;
  return [
    `${count(startNow, "VM")}${what} could start now for team ${oneLine(team)}${having}${LIMITS[limitedBy]}.`,
    `The team holds ${count(teamHolds, "slot")}${cap}; ${waiting} wait in the fleet.`,
    soon,
  ].join("\n");
}

function slotColumns(head: string): Column<Row>[] {
  return [
    { head, text: ({ label }) => label, cut: { from: "end", least: 12 } },
    ...(["total", "busy", "free", "phantom", "unreachable", "cordoned"] as const).map((key): Column<Row> => ({
      head: key.toUpperCase(),
      text: (row) => String(row[key]),
      align: "right",
      ...paintOf(key),
    })),
  ];
}

/** Free room is good news; slots that nobody can use are worth a look. */
function paintOf(key: keyof SlotCounts): Pick<Column<Row>, "paint"> {
  if (key === "free") {
    return { paint: (text, row, colors) => (row.free > 0 ? colors.green(text) : colors.yellow(text)) };
  }
  if (key === "phantom" || key === "unreachable") {
    return { paint: (text, row, colors) => (row[key] > 0 ? colors.red(text) : text) };
  }
  return {};
}

function imageTable(images: Capacity["byImage"], style: Style): string {
  return table(
    images,
    [
      { head: "IMAGE", text: ({ image }) => image, cut: { from: "start", least: 16 } },
      { head: "ON HOSTS", text: ({ hosts }) => String(hosts), align: "right" },
      { head: "FREE THERE", text: ({ free }) => String(free), align: "right" },
      { head: "QUEUED", text: ({ queued }) => String(queued), align: "right" },
      { head: "RUNNING", text: ({ running }) => String(running), align: "right" },
    ],
    style,
  );
}
