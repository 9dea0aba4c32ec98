import { error, ok, unknown, warning, type Judgement } from "./judge.ts";
import { notSaid, type Said } from "./said.ts";

/** What `pmset` has of a Mac that stays awake, where its model knows that. */
export const AWAKE = { sleep: "0", disksleep: "0", displaysleep: "0", autorestart: "1" } as const;

const CURE = `sudo pmset -a sleep ${AWAKE.sleep} disksleep ${AWAKE.disksleep} displaysleep ${AWAKE.displaysleep}`;

/** `pmset -g`: peers §4 row 10. What keeps it awake at the moment does not count: it may end. */
export function judgeSleep(said: Said): Judgement {
  if (said.kind !== "exited" || said.code !== 0) return unknown(notSaid("pmset", said));
  const minutes = (name: string) => {
    const found = new RegExp(`^\\s*${name}\\s+(\\d{1,6})\\b`, "m").exec(said.stdout)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const sleep = minutes("sleep");
  if (sleep === undefined) return unknown("pmset does not say when this Mac sleeps.", CURE);
  if (sleep > 0 && minutes("SleepDisabled") !== 1) {
    return error(`This Mac goes to sleep after ${sleep} min without use, and is a silent host then.`, CURE);
  }
  const restart = minutes("autorestart");
  if (restart === 0) {
    return warning(
      "This Mac does not sleep, but stays off after a power failure.",
      `sudo pmset -a autorestart ${AWAKE.autorestart}`,
    );
  }
  return ok("This Mac does not sleep.");
}
