import { createHash } from "node:crypto";

/** A job of the demo, and the VM that is asked for it. */
export interface DemoJob {
  /** Name of the VM and of its runner. */
  vmName: string;
  jobId: string;
  /** How long it works. */
  seconds: number;
  fails: boolean;
}

const SHORTEST_SECONDS = 2;
const LONGEST_SECONDS = 5;

/** The jobs that a seed stands for: 2 to 5 s each, and one or two that fail. */
export function planJobs(count: number, seed: string): DemoJob[] {
  const failures = Math.min(2, Math.floor(count / 2));
  const failing = new Set(
    Array.from({ length: count }, (_, index) => index)
      .sort((a, b) => fraction(seed, "fails", a) - fraction(seed, "fails", b))
      .slice(0, failures),
  );
  return Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(2, "0");
    const span = LONGEST_SECONDS - SHORTEST_SECONDS;
    const seconds = SHORTEST_SECONDS + Math.round(fraction(seed, "seconds", index) * span * 10) / 10;
    return { vmName: `vm-${number}`, jobId: `build-${number}`, seconds, fails: failing.has(index) };
  });
}

/** A number from 0 to below 1 that only these words decide. */
function fraction(...words: (string | number)[]): number {
  return createHash("sha256").update(words.join("\0")).digest().readUInt32BE() / 2 ** 32;
}
