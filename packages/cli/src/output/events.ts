import type { VmEvent } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { oneLine } from "./text.ts";
import { clockTime, durationText, localTime } from "./time.ts";
import { paintState } from "./vm-words.ts";

const STATE_WIDTH = "provisioning".length;
const SOURCE_WIDTH = "control_plane".length;
const ELAPSED_WIDTH = "+59m 59s".length;

/** One line of a VM's history: when, how long after `start`, its state, who says so, what. */
export function eventLine(event: VmEvent, start: string, style: Style): string {
  const { colors } = style;
  return [
    colors.dim(localTime(event.at)),
    colors.dim(elapsed(event, start)),
    paintState(event.state.padEnd(STATE_WIDTH), event.state, colors),
    event.source.padEnd(SOURCE_WIDTH),
    oneLine(event.message),
  ].join("  ");
}

/** The same for someone who waits: shorter, without who says so. */
export function stageLine(
  event: Pick<VmEvent, "at" | "state" | "message">,
  start: string,
  style: Style,
): string {
  const { colors } = style;
  return [
    colors.dim(clockTime(event.at)),
    colors.dim(elapsed(event, start)),
    paintState(event.state.padEnd(STATE_WIDTH), event.state, colors),
    oneLine(event.message),
  ].join("  ");
}

function elapsed({ at }: Pick<VmEvent, "at">, start: string): string {
  return `+${durationText(Date.parse(at) - Date.parse(start))}`.padEnd(ELAPSED_WIDTH);
}
