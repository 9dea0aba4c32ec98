import type { Finding, HostFacts } from "@tartfleet/shared";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { ownAttempt } from "../reconcile/instance.ts";
import type { HostView } from "./host.ts";

/** What does not change while the agent runs. */
export type FixedFacts = Pick<
  HostFacts,
  | "agentVersion"
  | "tartVersion"
  | "osVersion"
  | "arch"
  | "cpu"
  | "memoryMiB"
  | "labels"
  | "resolvesTags"
  | "tunnelKinds"
>;

export interface Disk {
  diskTotalGiB: number;
  diskFreeGiB: number;
}

const GIB = 2 ** 30;
const MOST = 1000;
const MOST_PULLS = 100;

/** A view of the host in the control plane's words; without findings until the doctor has looked. */
export function factsOf(
  fixed: FixedFacts,
  view: HostView,
  disk: Disk,
  findings?: readonly Finding[],
): HostFacts {
  const foreign = [...view.seen.vms.values()].filter(({ name }) => !ownAttempt(name));
  return {
    ...fixed,
    ...disk,
    images: view.images.slice(0, MOST).map(({ reference, sizeGb, digest, lastUsedAt }) => ({
      reference,
      sizeGiB: Math.round((sizeGb * 1e10) / GIB) / 10,
      ...(digest === undefined ? {} : { digest }),
      ...(view.ownImages.has(reference) ? { isOurs: true } : {}),
      ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    })),
    pulls: view.pulls.slice(0, MOST_PULLS),
    imageFailures: view.imageFailures.slice(0, MOST),
    foreign: foreign.slice(0, MOST).map(({ name, os, running }) => ({
      name: name.slice(0, 255),
      os: os ?? "unknown",
      running,
    })),
    phantomSlots: view.phantomSlots,
    ...(findings === undefined ? {} : { findings: [...findings] }),
    keepsWarm: true,
  };
}

/** Room on the volume that holds the folder, or will when the folder is made. */
export async function diskOf(folder: string): Promise<Disk> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return {
      diskTotalGiB: Math.floor((blocks * bsize) / GIB),
      diskFreeGiB: Math.floor((bavail * bsize) / GIB),
    };
  } catch {
    const parent = dirname(folder);
    return parent === folder ? { diskTotalGiB: 0, diskFreeGiB: 0 } : await diskOf(parent);
  }
}
