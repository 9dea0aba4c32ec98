import { WEEKDAYS, type PoolSchedule, type PoolWindow, type Weekday } from "@tartfleet/shared";
import { localTime, nextWallMinute, type LocalTime } from "./local-time.ts";

/** How many VMs a pool keeps warm at a time: in several windows at once, the most that one of them says. */
export function wantedAt(
  { minIdle, schedule }: { minIdle: number; schedule: PoolSchedule | null },
  now: number,
): number {
  if (schedule === null) return minIdle;
  const local = localTime(now, schedule.timeZone);
  const open = schedule.windows.filter((window) => isOpen(window, local));
  return Math.max(0, ...open.map((window) => window.minIdle ?? minIdle));
}

/** The next time at which a schedule may want another number; null when it never does. */
export function nextEdge(schedule: PoolSchedule | null, now: number): number | null {
  if (schedule === null) return null;
  const minutes = schedule.windows.flatMap(({ from, to }) => [minuteOf(from), minuteOf(to)]);
  return nextWallMinute(now, minutes, schedule.timeZone);
}

/** By the wall: an hour that is skipped opens what was to open in it, and one that comes twice counts twice. */
function isOpen({ days, from, to }: PoolWindow, { weekday, minute }: LocalTime): boolean {
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (start < end) return days.includes(weekday) && minute >= start && minute < end;
  return (days.includes(weekday) && minute >= start) || (days.includes(dayBefore(weekday)) && minute < end);
}

function dayBefore(day: Weekday): Weekday {
  return WEEKDAYS[(WEEKDAYS.indexOf(day) + 6) % 7] ?? day;
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}
