import { pausedUntil, type Failing } from "./pause.ts";

/** A VM of a pool that has not come to its end. */
export interface WarmVm {
  vmId: string;
  pool: string;
  /** What it was made by (`makeOf`). */
  make: string;
  /** It can be taken: its guest answers. */
  isIdle: boolean;
  /** It is being stopped. */
  isLeaving: boolean;
  /** When it was begun; milliseconds. */
  since: number;
  /** Why it cannot stay, whatever its pool wants. */
  mustGo: string | null;
}

/** What a pool wants now. */
export interface Wish {
  name: string;
  make: string;
  /** VMs to keep. */
  wanted: number;
  max: number;
  failing: Failing | undefined;
}

export interface Release {
  vmId: string;
  why: string;
}

/**
 * What is to be done for one pool. Ends what cannot stay, what is too many, and what was made otherwise as far as
 * others stand by in its place; begins what is missing, one at a time while it renews or while its VMs fail. Where there is no
 * room for another, one of those that were made otherwise goes first.
 *
 * @param all its VMs
 * @param begin takes room for another of them; false when no host has any
 */
export function tend(
  { name, make, wanted, max, failing }: Wish,
  all: readonly WarmVm[],
  now: number,
  begin: () => boolean,
): Release[] {
  const staying = all.filter(({ isLeaving }) => !isLeaving);
  const releases = staying.flatMap(({ vmId, mustGo }) => (mustGo === null ? [] : [{ vmId, why: mustGo }]));
  const kept = staying.filter(({ mustGo }) => mustGo === null);
  const present = kept.filter((vm) => vm.make === make).toSorted(soonestGone);
  const outdated = kept.filter((vm) => vm.make !== make).toSorted(soonestGone);
  const booting = present.filter(({ isIdle }) => !isIdle).length;

  const tooOld = Math.max(0, present.length - booting + outdated.length - wanted);
  const oldGone = outdated.slice(0, tooOld);
  releases.push(...oldGone.map(({ vmId }) => ({ vmId, why: `Pool ${name} keeps others in its place now.` })));
  const tooMany = present.slice(0, Math.max(0, present.length - wanted));
  releases.push(
    ...tooMany.map(({ vmId }) => ({
      vmId,
      why: wanted === 0 ? `Pool ${name} keeps none now.` : `Pool ${name} keeps only ${wanted} now.`,
    })),
  );

  const oldLeft = outdated.length - oldGone.length;
  if (failing && now < pausedUntil(failing)) return releases;
  const isOneByOne = oldLeft > 0 || failing !== undefined;
  const missing = Math.max(0, wanted - present.length);
  const most = isOneByOne ? Math.min(missing, 1 - Math.min(1, booting)) : missing;
  const left = Math.max(0, max - all.length);
  let begun = 0;
  while (begun < Math.min(most, left) && begin()) begun += 1;
  const [oldest] = outdated.slice(oldGone.length);
  if (begun === 0 && most > 0 && oldest && releases.length === 0 && staying.length === all.length) {
    releases.push({ vmId: oldest.vmId, why: `Pool ${name} makes room for another in its place.` });
  }
  return releases;
}

/** Those that still boot before those that stand by, and of those the oldest. */
function soonestGone(a: WarmVm, b: WarmVm): number {
  return Number(a.isIdle) - Number(b.isIdle) || a.since - b.since;
}
