import type { PoolWindow, Weekday } from "@tartfleet/shared";

export const DAYS: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const DAY_WORDS: Readonly<Record<Weekday, string>> = {
  mon: "Mon",
  tue: "Tue",
  wed: "Wed",
  thu: "Thu",
  fri: "Fri",
  sat: "Sat",
  sun: "Sun",
};

export function dayText(day: Weekday): string {
  return DAY_WORDS[day];
}

/** `Mon–Fri, Sun 07:00–19:00: 2 VMs` of one of a pool's windows. Pure. */
export function windowText({ days, from, to, minIdle }: PoolWindow): string {
  const kept = minIdle === undefined ? "" : `: ${minIdle} ${minIdle === 1 ? "VM" : "VMs"}`;
  return `${daysText(days)} ${from}–${to}${to <= from ? " the next day" : ""}${kept}`;
}

function daysText(days: readonly Weekday[]): string {
  const runs: Weekday[][] = [];
  for (const day of DAYS.filter((each) => days.includes(each))) {
    const run = runs.at(-1);
    const isNext = run && DAYS.indexOf(day) === DAYS.indexOf(run.at(-1) ?? day) + 1;
    if (isNext) run.push(day);
    else runs.push([day]);
  }
  return runs
    .map((run) => {
      const words = run.map(dayText);
      return words.length < 3 ? words.join(", ") : `${words[0]}–${words.at(-1)}`;
    })
    .join(", ");
}
