import type { QueuePage } from "@tartfleet/shared";
import { startText } from "./explanation.ts";
import type { Style } from "./style.ts";
import { table } from "./table.ts";
import { count, oneLine } from "./text.ts";
import { age } from "./time.ts";

/** `queue`: a line for each kind of VM that waits, the one that has waited longest first. */
export function queueText({ total, lines, entries }: QueuePage, style: Style): string {
  const { now } = style;
  const listed = table(
    entries,
    [
      { head: "VMS", text: ({ alike }) => String(alike), align: "right" },
      { head: "TEAM", text: ({ vm }) => vm.team, cut: { from: "end", least: 8 } },
      { head: "CLASS", text: ({ vm }) => vm.priority, spare: 2 },
      { head: "FIRST", text: ({ vm }) => vm.id },
      { head: "SINCE", text: ({ vm }) => age(vm.stateSince, now) },
      { head: "STARTS", text: ({ explanation }) => startsOf(explanation, now) },
      { head: "IMAGE", text: ({ vm }) => vm.image, cut: { from: "start", least: 14 }, spare: 1 },
      { head: "WHY", text: ({ explanation }) => whyOf(explanation), cut: { from: "end", least: 20 } },
    ],
    style,
  );
  const more =
    lines > entries.length
      ? `\n${style.colors.dim(`… ${count(lines - entries.length, "line")} more (--limit)`)}`
      : "";
  return `${count(total, "VM")} in the queue\n\n${listed}${more}`;
}

type Explained = QueuePage["entries"][number]["explanation"];

function startsOf({ waiting }: Explained, now: number): string {
  const eta = waiting?.eta;
  return eta?.startP50 ? startText(eta.startP50, eta.startP90, now) : "-";
}

function whyOf({ waiting, summary }: Explained): string {
  return oneLine(waiting?.unblock.text ?? summary);
}
