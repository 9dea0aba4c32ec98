import type { AttemptErrorCode } from "@tartfleet/shared";
import type { Verdict } from "./history/phase-time.ts";

/** What became of an attempt, as far as it says something of its host and image. */
export interface Outcome {
  /** When; milliseconds. */
  at: number;
  hostId: number | null;
  image: string;
  verdict: Verdict | null;
}

/** So many failures in a row open the breaker: a VM that gets three attempts has one left for another host. */
const FAILURES_TO_OPEN = 2;
/** Failures of longer ago say nothing of now; milliseconds. */
const MEMORY_MS = 60 * 60_000;
/** So long after its last failure a host, or an image there, is taken only where no other fits; milliseconds. */
const SUSPECT_MS = 15 * 60_000;
/** An image that has failed on so many other hosts, and was ready on none, is to blame itself. */
const HOSTS_TO_BLAME_IMAGE = 2;
const LONGEST_PAUSE_MS = 4 * 60 * 60_000;

/** What every host would say the same of, or what no host is to blame for. */
const NOT_THE_HOST: ReadonlySet<Verdict> = new Set<AttemptErrorCode>([
  "image_not_found",
  "image_unusable",
  "runner_missing",
  "secrets_unreadable",
  "host_silent",
  "host_removed",
  // A slot that something else has: it is counted as a phantom.
  "vm_limit_reached",
]);

/** What a host's newest attempts say of it. */
export interface Judgement {
  /** It is to get nothing for a while, and why. */
  open: string | undefined;
  /** It is taken only where no other fits. */
  isSuspect: boolean;
  /** Images that failed there, and may be to blame themselves. */
  suspectImages: ReadonlySet<string>;
}

/**
 * Judges a host. What fails on it is held against it only where it is the host that shows: when images of several
 * kinds fail there, or one that is ready elsewhere. An image that fails on every host closes none of them.
 *
 * @param here what became of its newest attempts, newest first
 * @param elsewhere of an image's newest attempts on other hosts
 */
export function judge(
  here: readonly Outcome[],
  elsewhere: (image: string) => readonly Outcome[],
  now: number,
): Judgement {
  const recent = here.filter(({ at, verdict }) => now - at < MEMORY_MS && tells(verdict));
  const firstReady = recent.findIndex(({ verdict }) => verdict === "ready");
  const failures = firstReady === -1 ? recent : recent.slice(0, firstReady);
  const images = [...new Set(failures.map(({ image }) => image))];
  const blame = new Map(images.map((image) => [image, blameFor(elsewhere(image), now)]));
  const counted = failures.filter(({ image }) => blame.get(image) !== "image");
  const countedImages = new Set(counted.map(({ image }) => image));
  const isProven = countedImages.size > 1 || counted.some(({ image }) => blame.get(image) === "host");
  const isFresh = (at: number) => now - at < SUSPECT_MS;
  return {
    open:
      counted.length >= FAILURES_TO_OPEN && isProven
        ? `the last ${counted.length} attempts failed there (${summary(counted)}), of ${
            countedImages.size > 1 ? `${countedImages.size} images` : "an image that is ready elsewhere"
          }`
        : undefined,
    isSuspect: isProven && counted.some(({ at }) => isFresh(at)),
    suspectImages: new Set(failures.filter(({ at }) => isFresh(at)).map(({ image }) => image)),
  };
}

/**
 * How long a host rests before it is tried again, the `trips`th time in a row; milliseconds.
 *
 * @param firstMs the first time
 */
export function pauseMs(trips: number, firstMs: number): number {
  return Math.max(firstMs, Math.min(LONGEST_PAUSE_MS, firstMs * 2 ** (trips - 1)));
}

/** Whether another host may be closed: at least half of those that are connected stay open. */
export function mayClose(connected: number, closed: number): boolean {
  return 2 * (closed + 1) <= connected;
}

/** Whether the outcome of a host's probe closes its breaker, opens it again, or says nothing of the host. */
export function probeSays(verdict: Verdict | null): "sound" | "broken" | undefined {
  if (verdict === "ready") return "sound";
  return tells(verdict) ? "broken" : undefined;
}

function tells(verdict: Verdict | null): boolean {
  return verdict !== null && !NOT_THE_HOST.has(verdict);
}

/** The other half of the two by two: whether the image fails on other hosts, too, or is ready there. */
function blameFor(elsewhere: readonly Outcome[], now: number): "image" | "host" | "unknown" {
  const recent = elsewhere.filter(({ at, verdict }) => now - at < MEMORY_MS && tells(verdict));
  if (recent.some(({ verdict }) => verdict === "ready")) return "host";
  const hosts = new Set(recent.map(({ hostId }) => hostId));
  return hosts.size >= HOSTS_TO_BLAME_IMAGE ? "image" : "unknown";
}

function summary(failures: readonly Outcome[]): string {
  const counts = Map.groupBy(failures, ({ verdict }) => verdict);
  return [...counts]
    .map(([verdict, { length }]) => (length > 1 ? `${length} × ${verdict}` : verdict))
    .join(", ");
}
