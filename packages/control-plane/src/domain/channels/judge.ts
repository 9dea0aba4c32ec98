import type { AttemptErrorCode } from "@tartfleet/shared";
import type { Verdict } from "../history/phase-time.ts";

/** Failures of a host, whatever image it was to run. */
const NOT_THE_IMAGE: ReadonlySet<Verdict> = new Set<AttemptErrorCode>([
  "host_silent",
  "host_removed",
  "host_disk_full",
  "host_misconfigured",
  "vm_limit_reached",
  "softnet_unavailable",
  "tart_broken",
]);

/** Whether what became of an attempt says something of its image. */
export function tellsOfImage(verdict: Verdict | null): boolean {
  return verdict !== null && !NOT_THE_IMAGE.has(verdict);
}

/** What is known of an image's bring-ups. */
export interface Seen {
  /** Attempts of which something became. */
  attempts: number;
  failed: number;
  boots: number;
  /** Milliseconds; undefined without boots. */
  bootP95: number | undefined;
}

export type Judgement =
  | { kind: "wait" }
  | { kind: "step"; percent: number; why: string }
  | { kind: "completed"; why: string }
  | { kind: "rolled_back"; why: string };

/** Per cent of new VMs. */
export const STEPS: readonly [number, ...number[]] = [10, 50, 100];

/** Fewer failures may be anything. */
const LEAST_FAILURES = 3;
/** So much slower is clearly worse, and so many milliseconds more. */
const SLOWER = 1.5;
const SLOWER_MS = 5000;
/** Of the bounds that each failure rate lies within: 95 % on their side. */
const Z = 1.645;

/**
 * What becomes of a rollout. Rolls back when the new image is clearly worse: its failure rate's lower bound lies
 * above the old one's upper bound, or its boots are much slower. Goes on only after enough attempts in this step,
 * when the failure rate lies within what the old one's may be. Pure.
 *
 * @param inStep attempts of the new image of which something became since the step began
 */
export function judge(
  { percent, samplesPerStep }: { percent: number; samplesPerStep: number },
  next: Seen,
  old: Seen,
  inStep: number,
): Judgement {
  const told = `${failures(next)} against ${failures(old)}`;
  const bound = old.attempts === 0 ? 0.5 : upper(old);
  if (next.failed >= LEAST_FAILURES && lower(next) > Math.min(bound, 0.99))
    return { kind: "rolled_back", why: `It fails more often: ${told}.` };
  const boots = bootsOf(next, old);
  if (
    Math.min(next.boots, old.boots) >= samplesPerStep &&
    (next.bootP95 ?? 0) > SLOWER * (old.bootP95 ?? Infinity) + SLOWER_MS
  )
    return { kind: "rolled_back", why: `It boots more slowly: ${boots}.` };
  if (inStep < samplesPerStep || next.failed > next.attempts * bound) return { kind: "wait" };
  const why = `${inStep} bring-ups in this step; ${told}${boots === "" ? "" : `; ${boots}`}.`;
  const higher = STEPS.find((step) => step > percent);
  return higher === undefined ? { kind: "completed", why } : { kind: "step", percent: higher, why };
}

const failures = ({ failed, attempts }: Seen) => `${failed} of ${attempts} attempts failed`;

function bootsOf(next: Seen, old: Seen): string {
  if (next.bootP95 === undefined || old.bootP95 === undefined) return "";
  const seconds = (milliseconds: number) => `${Math.round(milliseconds / 100) / 10} s`;
  return `boot p95 ${seconds(next.bootP95)} against ${seconds(old.bootP95)}`;
}

/** Wilson's bounds of a rate. */
function upper({ failed, attempts }: Seen): number {
  return wilson(failed, attempts, 1);
}

function lower({ failed, attempts }: Seen): number {
  return wilson(failed, attempts, -1);
}

function wilson(failed: number, n: number, sign: 1 | -1): number {
  if (n === 0) return sign === 1 ? 1 : 0;
  const rate = failed / n;
  const spread = Z * Math.sqrt((rate * (1 - rate)) / n + Z ** 2 / (4 * n ** 2));
  return (rate + Z ** 2 / (2 * n) + sign * spread) / (1 + Z ** 2 / n);
}
