import { createRandom, type Random } from "../world/random.ts";
import { TEAMS } from "./person.ts";
import type { Job } from "./plan.ts";

/** What a VM is to have of its host; without one, what its image has. */
export interface Size {
  cpu: number;
  memoryMiB: number;
}

/** What a simulated Mac has: those with odd numbers are larger. */
export function sizeOfHost(number: number): Size {
  return number % 2 === 1 ? { cpu: 12, memoryMiB: 24_576 } : { cpu: 8, memoryMiB: 16_384 };
}

const SIZES: Record<Job["os"], readonly [Size, ...Size[]]> = {
  macos: [sizeOfHost(1), sizeOfHost(2), { cpu: 2, memoryMiB: 4096 }, { cpu: 6, memoryMiB: 8192 }],
  linux: [
    { cpu: 8, memoryMiB: 4096 },
    { cpu: 1, memoryMiB: 16_384 },
  ],
};

const NEVER_MS = 36_000_000;

/** Gives some of a seed's jobs wishes, by dice of their own: what else is done does not depend on them. */
export function createWishes(seed: string): (job: Job) => Job {
  const random = createRandom(`${seed}/wishes`);
  return (job) => ({
    ...job,
    ...(random.chance(0.25) ? { size: random.pick(SIZES[job.os]) } : {}),
    ...(random.chance(0.2) ? { queueTimeoutSeconds: random.pick([60, 180, 600]) } : {}),
    ...(random.chance(0.3) ? waitForAJob(random, job) : {}),
    ...(random.chance(0.5) ? { team: random.pick(TEAMS) } : {}),
    ...(random.chance(0.3) ? { priority: random.pick(["release", "batch"]) } : {}),
  });
}

/** Its job comes about when the runner is no longer to wait, or never. */
function waitForAJob(random: Random, job: Job): Pick<Job, "noJobSeconds" | "idleMs"> {
  const noJobSeconds = random.pick([5, 30, 120]);
  const comesMs = noJobSeconds * 1000 + random.int(-3000, 6000);
  return { noJobSeconds, idleMs: random.pick([job.idleMs, Math.max(0, comesMs), NEVER_MS]) };
}
