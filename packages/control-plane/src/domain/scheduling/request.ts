import type { GuestOs, Labels } from "@tartfleet/shared";
import { imageOf, type Vm } from "../vm.ts";

/** What a VM needs of a host. */
export interface Need {
  os: GuestOs;
  /** As the host is to fetch it: by reference or by digest. */
  image: string;
  /** The reference by tag for which that digest was found: what the fleet knows of it, it knows by this name. */
  asked?: string;
  /** null: as much as the image says, which is counted as `demandOn` says. */
  cpu: number | null;
  memoryMiB: number | null;
  /** The host must carry all of these. */
  hostLabels: Labels;
  /** A host that carries more of these is taken first. */
  preferredHostLabels: Labels;
  /** Hosts that it is kept off for a while, in ascending order: it failed there just now. */
  notOn?: readonly number[];
}

/** A queued VM as the scheduler sees it. */
export interface Request {
  vmId: string;
  /** Its place in the order of acceptance. */
  seq: number;
  team: string;
  /** The name of its priority class. */
  priority: string;
  need: Need;
  /** It is placed nowhere before it is known what its image's tag stands for. */
  awaitsDigest?: boolean;
  /** When it was accepted; milliseconds. */
  since: number;
  /** Hosts on which earlier attempts of this VM failed: taken only where no other fits. */
  triedHosts: readonly number[];
  /** What a warm VM must be made like for this one to take its instance over (`fitOf`); without it, it takes none. */
  fit?: string;
  /** When the newest of them failed; milliseconds. Null before the first has. */
  failedAt: number | null;
}

/** So long a VM is kept off the hosts where it failed, for each of its attempts so far. */
const REST_MS = 60_000;

/**
 * Until when a VM is not put back where it failed, as long as another host could take it at some time. A broken
 * host is free again within seconds, and would have all of the attempts of whatever comes upon it while the others
 * are taken.
 */
export function restsUntil({ failedAt, triedHosts }: Pick<Request, "failedAt" | "triedHosts">): number {
  return failedAt === null ? Number.NEGATIVE_INFINITY : failedAt + REST_MS * triedHosts.length;
}

/** The request of a VM that is kept off the hosts where it failed. */
export function resting(request: Request): Request {
  const notOn = [...new Set(request.triedHosts)].toSorted((a, b) => a - b);
  return { ...request, need: { ...request.need, notOn } };
}

/** Without what passes by itself within a minute or so. */
export function rested(request: Request): Request {
  const { notOn, ...need } = request.need;
  return notOn === undefined ? request : { ...request, need };
}

export function needOf(vm: Pick<Vm, "spec" | "resolution">): Need {
  const { os, cpu, memoryMiB, hostLabels, preferredHostLabels } = vm.spec;
  const image = imageOf(vm);
  return {
    os,
    image,
    ...(image === vm.spec.image ? {} : { asked: vm.spec.image }),
    cpu: cpu ?? null,
    memoryMiB: memoryMiB ?? null,
    hostLabels,
    preferredHostLabels: preferredHostLabels ?? {},
  };
}

/** The name by which the fleet's past is kept of what is needed: a tag goes on when its digest is another one. */
export function nameOfImage({ image, asked }: Pick<Need, "image" | "asked">): string {
  return asked ?? image;
}

/** The same text for needs that the same hosts meet, and meet equally well. */
export function needKey(need: Need): string {
  const { os, image, asked, cpu, memoryMiB, hostLabels, preferredHostLabels, notOn = [] } = need;
  const labels = [sorted(hostLabels), sorted(preferredHostLabels)];
  return JSON.stringify([os, image, asked, cpu, memoryMiB, ...labels, notOn]);
}

/** Labels in an order of their own, whatever order they came in. */
export function sorted(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
