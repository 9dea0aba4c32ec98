import {
  END_REASONS,
  isTerminal,
  type AttemptError,
  type VmRecord,
  type VmSummary,
  type VmState,
} from "@tartfleet/shared";
import type { Colors } from "./style.ts";
import { bytesText, harmless, indent, oneLine } from "./text.ts";
import { durationText, timeWithAge } from "./time.ts";

type End = NonNullable<VmSummary["end"]>;

/** A state with what matters most about it now: `pulling 42% of 25.4 GB`, `ready, host silent`. */
export function stateText(vm: VmSummary): string {
  const total = vm.pullTotalBytes === null ? "" : ` of ${bytesText(vm.pullTotalBytes)}`;
  const progress = vm.state === "pulling" && vm.pullPercent !== null ? ` ${vm.pullPercent}%${total}` : "";
  const silent = vm.unreachableSince !== null && !isTerminal(vm.state) ? ", host silent" : "";
  return `${vm.state}${progress}${silent}`;
}

export function paintState(text: string, state: VmState, colors: Colors): string {
  if (state === "ready") return colors.green(text);
  if (state === "failed") return colors.red(text);
  if (state === "deleted") return colors.dim(text);
  return state === "draining" || state === "stopping" ? colors.yellow(text) : colors.cyan(text);
}

/** `mac-3 slot 1`; `-` before its placement. */
export function placeText({ host, slot }: VmSummary): string {
  if (host === null) return "-";
  return slot === null ? oneLine(host) : `${oneLine(host)} slot ${slot}`;
}

/** One sentence that says where the VM stands: `VM abc is ready on mac-3 slot 1 (192.168.64.7), after 42s`. */
export function standing(record: VmSummary, now: number): string {
  const vm = harmless(record);
  if (isTerminal(vm.state)) {
    const lived = durationText(Date.parse(vm.endedAt ?? vm.stateSince) - Date.parse(vm.createdAt));
    const early = vm.readyAt === null ? ", before it was ready" : "";
    const why = vm.end === null ? "" : ` (${vm.end.reason}): ${endMessage(vm.end)}`;
    return `VM ${vm.id} ${vm.state === "failed" ? "failed" : "ended"} after ${lived}${early}${why}`;
  }
  const where = vm.host === null ? "" : ` on ${placeText(vm)}${vm.ip === null ? "" : ` (${vm.ip})`}`;
  const until = vm.state === "ready" && vm.readyAt !== null ? Date.parse(vm.readyAt) : now;
  return `VM ${vm.id} is ${stateText(vm)}${where}, after ${durationText(until - Date.parse(vm.createdAt))}`;
}

/** One sentence after a hold was asked for, or ended. */
export function holdText(vm: VmRecord, now: number): string {
  const held = vm.hold === null ? "nobody holds it" : `held ${heldText(vm.hold, now)}`;
  return `${standing(vm, now)}; ${held}`;
}

/** `until 2026-01-01 10:30 (in 29m) by token ana (ana0), only for this: to look at the simulator`. */
export function heldText({ until, by, reason, isKept }: NonNullable<VmRecord["hold"]>, now: number): string {
  const why = reason === null ? "" : `: ${oneLine(reason)}`;
  return `until ${timeWithAge(until, now)} by ${oneLine(by)}${isKept ? ", and there for this alone" : ""}${why}`;
}

/** `ttl: Its time to live ran out.`: the reason's code, for searching, and what it means. */
export function endText(end: End): string {
  return `${end.reason}: ${endMessage(end)}`;
}

function endMessage({ reason, message }: End): string {
  return oneLine(message || END_REASONS[reason].text);
}

/** An attempt's error with its advice and facts, over several lines. */
export function attemptErrorText(error: AttemptError): string {
  const { code, message, facts } = harmless(error);
  const lines = Object.entries(facts).map(([name, value]) => {
    const text = String(value).trimEnd();
    return text.includes("\n") ? `${name}:\n${indent(text, "  ")}` : `${name}: ${text}`;
  });
  return [`${code}: ${message}`, ...lines.map((line) => indent(line, "  "))].join("\n");
}
