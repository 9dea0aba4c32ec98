import type { AttemptRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table } from "./table.ts";
import { oneLine } from "./text.ts";
import { age } from "./time.ts";

/** `host attempts`, `image attempts`: how many of the newest came up, and each of them. */
export function attemptTable(attempts: readonly AttemptRecord[], style: Style): string {
  const ready = attempts.filter(({ verdict }) => verdict === "ready").length;
  const rows = table(
    attempts,
    [
      { head: "WHEN", text: ({ at }) => age(at, style.now) },
      { head: "VM", text: ({ vmId }) => vmId ?? "of another team" },
      { head: "ATTEMPT", text: ({ attempt }) => String(attempt), align: "right" },
      { head: "HOST", text: ({ host }) => oneLine(host) },
      { head: "IMAGE", text: ({ image }) => oneLine(image), cut: { from: "start", least: 20 } },
      {
        head: "CAME TO",
        text: ({ verdict, phase }) => (verdict === "ready" ? verdict : `${verdict} in ${phase}`),
        paint: (text, { verdict }, colors) => (verdict === "ready" ? colors.green(text) : colors.red(text)),
      },
    ],
    style,
  );
  return `${ready} of the newest ${attempts.length} came up.\n${rows}`;
}
