import type { Explanation } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { harmless, oneLine } from "./text.ts";
import { durationText } from "./time.ts";
import { table } from "./table.ts";

/** `vm explain`: what it waits for and until when, or what it is doing; then what the hosts say. */
export function explanationText(record: Explanation, style: Style): string {
  const { summary, details, waiting } = harmless(record);
  const lines = [summary, ...details].map(oneLine);
  const eta = waiting?.eta;
  if (eta?.startP50) {
    const start = startText(eta.startP50, eta.startP90, style.now);
    const ready = eta.readyP50 === null ? "" : `, ready ${startText(eta.readyP50, eta.readyP90, style.now)}`;
    lines.push(style.colors.green(`Starts ${start}${ready}.`));
  }
  if (!waiting || waiting.hosts.groups.length === 0) return lines.join("\n");
  const hosts = table(
    waiting.hosts.groups,
    [
      { head: "HOSTS", text: ({ hosts: number }) => String(number), align: "right" },
      { head: "SAY", text: ({ text }) => text, cut: { from: "end", least: 20 } },
      {
        head: "LIKE",
        text: ({ names, hosts: number }) => `${names.join(", ")}${number > names.length ? ", …" : ""}`,
        cut: { from: "end", least: 8 },
        spare: 1,
      },
    ],
    style,
  );
  return `${lines.join("\n")}\n\n${hosts}`;
}

/** `in 4m to 11m`, `in 4m or later`. */
export function startText(p50: string, p90: string | null, now: number): string {
  const from = durationText(Date.parse(p50) - now);
  if (p90 === null) return `in ${from} or later`;
  const to = durationText(Date.parse(p90) - now);
  return from === to ? `in ${from}` : `in ${from} to ${to}`;
}
