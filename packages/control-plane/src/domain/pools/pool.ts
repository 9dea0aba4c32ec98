import type { PoolSchedule, SetPool } from "@tartfleet/shared";
import { evenly } from "../scramble.ts";
import { needOf, sorted, type Need } from "../scheduling/request.ts";
import { imageOf, NO_TEAM, unplacedVm, type Resolution, type Vm, type VmSpec } from "../vm.ts";

/** A pool as it was set; what it keeps follows from the time. */
export type Pool = SetPool;

/**
 * What two VMs must have in common for one to take the other's instance over.
 *
 * @param image what it asks for: a digest reference where that is known, else the tag
 */
export function fitOf(
  { os, cpu, memoryMiB, diskGiB, run }: Pick<VmSpec, "os" | "cpu" | "memoryMiB" | "diskGiB" | "run">,
  image: string,
): string {
  const options = Object.entries(run).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([image, os, cpu ?? null, memoryMiB ?? null, diskGiB ?? null, options]);
}

/** What VMs may ask for that can take a warm one over: by its image's name, and by the digest that it runs. */
export function fitsOf({ spec, imageDigest }: Pick<Vm, "spec" | "imageDigest">): string[] {
  const byName = fitOf(spec, spec.image);
  if (imageDigest === null) return [byName];
  const byDigest = fitOf(
    spec,
    imageOf({ spec, resolution: { kind: "digest", digest: imageDigest, host: "" } }),
  );
  return byDigest === byName ? [byName] : [byName, byDigest];
}

/**
 * Whether a warm VM is what its pool would make now. One that was made by a tag, of which it is not known yet what it
 * runs, is taken for it.
 */
export function isAsWanted(
  warm: Pick<Vm, "spec" | "imageDigest">,
  spec: VmSpec,
  wanted: Resolution | null,
): boolean {
  const make = ({ hostLabels, ...rest }: VmSpec) =>
    JSON.stringify([fitOf(rest, rest.image), sorted(hostLabels)]);
  if (make(warm.spec) !== make(spec)) return false;
  return wanted?.kind !== "digest" || warm.imageDigest === null || warm.imageDigest === wanted.digest;
}

/** A warm VM's part of its age by which it may be renewed sooner. */
const SPREAD = 0.2;

/**
 * What a pool's next VM is made by.
 *
 * @param image what the pool's image stands for now
 */
export function specOf(name: string, pool: Pool, image: string, id: string): VmSpec {
  const { os, cpu, memoryMiB, diskGiB, run, hostLabels, maxAgeMinutes } = pool;
  return {
    image,
    os,
    cpu,
    memoryMiB,
    diskGiB,
    run,
    hostLabels,
    labels: {},
    pool: name,
    envNames: [],
    runnerKind: null,
    ttlMs: Math.round(maxAgeMinutes * 60_000 * (1 - SPREAD * evenly(id))),
    queueTimeoutMs: 0,
  };
}

export const poolNeedOf = (pool: Pool, image: string, resolution: Resolution | null): Need =>
  needOf({ spec: specOf("", pool, image, ""), resolution });

/** A VM that is to be kept warm, before it is placed. */
export function warmVm(id: string, spec: VmSpec, resolution: Resolution | null, now: number): Vm {
  return unplacedVm({ id, name: `warm-${id}`, team: NO_TEAM, spec, resolution, budgetEndsAt: null }, now);
}

/** The most VMs that a pool ever wants. */
export function mostWanted({
  minIdle,
  schedule,
}: {
  minIdle: number;
  schedule: PoolSchedule | null;
}): number {
  return schedule === null
    ? minIdle
    : Math.max(0, ...schedule.windows.map((window) => window.minIdle ?? minIdle));
}

/** How many VMs a pool has at most; where that was not said, there is one more while they are renewed. */
export function maxOf(pool: Pool): number {
  return pool.max ?? mostWanted(pool) + 1;
}
