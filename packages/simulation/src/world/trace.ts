import { createHash } from "node:crypto";
import type { Timeline } from "./timeline.ts";

/** What happened, a line each; equal for equal seeds. */
export interface Trace {
  note(who: string, what: string): void;
  readonly lines: readonly string[];
  /** Over all lines so far. */
  digest(): string;
}

export function createTrace(timeline: Timeline): Trace {
  const lines: string[] = [];
  return {
    note(who, what) {
      lines.push(`${stamp(timeline.now())} ${who.padEnd(13)} ${what}`);
    },
    lines,
    digest: () => createHash("sha256").update(lines.join("\n")).digest("hex"),
  };
}

/** h:mm:ss.mmm */
export function stamp(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = `${two(Math.floor(whole / 1000) % 60)}.${String(whole % 1000).padStart(3, "0")}`;
  return `${Math.floor(whole / 3_600_000)}:${two(Math.floor(whole / 60_000) % 60)}:${seconds}`;
}
