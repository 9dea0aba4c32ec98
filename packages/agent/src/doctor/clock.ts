import { error, ok, unknown, warning, type Judgement } from "./judge.ts";

const CURE = "sudo sntp -sS time.apple.com && sudo systemsetup -setusingnetworktime on";

/** The `Date` of an answer has whole seconds, and the way here takes its time. */
const NOTICED_S = 5;
/** AWS and others refuse what is signed by a clock that differs by more. */
const REFUSED_S = 300;

/** By how many seconds this host's clock is ahead of the control plane's; or why nobody knows. */
export type Skew = { seconds: number } | { unknown: string };

/**
 * @param date the `Date` header of the control plane's answer
 * @param askedAt milliseconds since 1970, as is `answeredAt`
 */
export function skewOf(date: string | null, askedAt: number, answeredAt: number): Skew {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return { unknown: "The control plane's answer does not say what time it is." };
  // It was cut to the second: half of one more is right on the average.
  return { seconds: Math.round(((askedAt + answeredAt) / 2 - (theirs + 500)) / 1000) };
}

export function judgeClock(skew: Skew): Judgement {
  if ("unknown" in skew) return unknown(skew.unknown);
  const off = Math.abs(skew.seconds);
  if (off <= NOTICED_S) return ok("This host's clock is the control plane's.");
  const says = `This host's clock is ${off} s ${skew.seconds > 0 ? "ahead of" : "behind"} the control plane's`;
  if (off < REFUSED_S) return warning(`${says}.`, CURE);
  return error(`${says}: certificates and what is signed for registries are refused for it.`, CURE);
}
