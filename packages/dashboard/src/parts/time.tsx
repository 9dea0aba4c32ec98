import { Text, Tooltip } from "@mantine/core";
import { useNow } from "./clock.ts";
import { durationText } from "./text.ts";

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** How long ago that was, or how long until then; the time itself on hover. */
export function Ago({ at }: { at: string }) {
  const away = useNow() - Date.parse(at);
  return (
    <Moment at={at}>{away < 0 ? `in ${durationText(-away)}` : `${durationText(rough(away))} ago`}</Moment>
  );
}

/** How long it lasts since then; ticks. */
export function Lasting({ since }: { since: string }) {
  return <Moment at={since}>{durationText(Math.max(0, useNow() - Date.parse(since)))}</Moment>;
}

/** A point in time. */
export function At({ at, clockOnly = false }: { at: string; clockOnly?: boolean }) {
  return <Moment at={at}>{(clockOnly ? CLOCK : FULL).format(new Date(at))}</Moment>;
}

function Moment({ at, children }: { at: string; children: string }) {
  return (
    <Tooltip label={FULL.format(new Date(at))}>
      <Text component="time" dateTime={at} inherit className="numbers">
        {children}
      </Text>
    </Tooltip>
  );
}

/** Of what is long ago, the seconds are noise. */
function rough(milliseconds: number): number {
  const step = milliseconds > 3_600_000 ? 60_000 : 1000;
  return Math.floor(milliseconds / step) * step;
}
