import type { ImageRecord, Phase } from "@tartfleet/shared";

type Times = ImageRecord["times"];

/** That an image's VMs take clearly longer in a phase than those of the other images. */
export interface Slowness {
  phase: Phase;
  seconds: number;
  /** What half of the other images stay below. */
  usualSeconds: number;
}

/** Fewer VMs may be slow for any reason. */
const LEAST_MEASURED = 3;
/** As a roll-out counts an image as slower: so many times, and so many seconds more. */
const SLOWER = 1.5;
const SLOWER_SECONDS = 5;

/** The phase in which an image costs the most time against the others; null when it is not slow. Pure. */
export function slownessOf(
  { reference, times }: Pick<ImageRecord, "reference" | "times">,
  all: readonly Pick<ImageRecord, "reference" | "times">[],
): Slowness | null {
  const others = all.filter((image) => image.reference !== reference);
  const found = times.filter(isMeasured).flatMap(({ phase, p50Seconds: seconds }): Slowness[] => {
    const usualSeconds = median(
      others.flatMap((image) =>
        image.times.filter((time) => time.phase === phase && isMeasured(time)).map((time) => time.p50Seconds),
      ),
    );
    const isSlow = usualSeconds !== undefined && seconds >= SLOWER * usualSeconds + SLOWER_SECONDS;
    return isSlow ? [{ phase, seconds, usualSeconds }] : [];
  });
  const excess = (one: Slowness) => one.seconds - one.usualSeconds;
  return found.sort((a, b) => excess(b) - excess(a))[0] ?? null;
}

/** How long half of an image's VMs take to come up, all phases together. */
export function secondsToComeUp(times: Times): number {
  return times.reduce((sum, { p50Seconds }) => sum + p50Seconds, 0);
}

function isMeasured({ count }: Times[number]): boolean {
  return count >= LEAST_MEASURED;
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
