import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { swiftFailure, TartFailure } from "../cli/failure.ts";
import type { Sim } from "../sim.ts";
import { lockDirectory, tmpDir } from "../storage/home.ts";
import { cachedDigest, collectUnreferenced, digestDir, linkName, registryDir } from "../storage/oci-cache.ts";
import { type RemoteName, showRemoteName } from "../storage/remote-name.ts";
import { isComplete, touchAccess, vmDirAt } from "../storage/vm-dir.ts";
import { dieOfFullDisk } from "./disk-full.ts";
import { freeBytes, GB, pruneFor } from "./disk-space.ts";
import { unexpectedStatus } from "./failures.ts";
import { makeProgress } from "./progress.ts";
import { fetchManifest } from "./registry.ts";
import type { RemoteImage } from "./remote-image.ts";

/** Room asked for beyond the image's own size (tart-contract §4.3). */
const RESERVE = 128 * 1024 * 1024;

/** Brings an image into the cache (tart-contract §5). Prints as the original does. */
export async function pullImage(sim: Sim, name: RemoteName, insecure = false): Promise<void> {
  const shown = showRemoteName(name);
  sim.say("pulling manifest...");
  const image = await fetchManifest(sim, name, insecure);
  if (alreadyCached(sim, name, image)) return;

  const waiting = () => sim.say("waiting for lock...");
  const registry = await lockDirectory(sim, registryDir(sim.home, name.host), {
    onWait: waiting,
    signal: sim.cancelled,
  });
  try {
    if (sim.faults.has("stuck-at-lock")) {
      waiting();
      await sim.sleep(Infinity);
    }
    if (alreadyCached(sim, name, image)) return;
    const partial = vmDirAt(shown, join(tmpDir(sim.home), createHash("md5").update(shown).digest("hex")));
    const held = await lockDirectory(sim, partial.path, { signal: sim.cancelled });
    try {
      mkdirSync(partial.path, { recursive: true });
      pruneFor(sim, image.diskGB * GB + RESERVE);
      await download(sim, image, partial.path);
      await image.write(partial);
      const target = digestDir(sim.home, name, image.digest);
      mkdirSync(dirname(target.path), { recursive: true });
      renameSync(partial.path, target.path);
      touchAccess(target, sim.now());
      linkName(sim.home, name, image.digest);
      // A moved tag leaves its old digest without a name.
      collectUnreferenced(registryDir(sim.home, name.host));
    } catch (error) {
      // Only a cancelled pull throws its data away; a failed or killed one can be resumed (§5.2).
      if (sim.cancelled.aborted) rmSync(partial.path, { recursive: true, force: true });
      throw error;
    } finally {
      held.release();
    }
  } finally {
    registry.release();
  }
}

function alreadyCached(sim: Sim, name: RemoteName, image: RemoteImage): boolean {
  const dir = digestDir(sim.home, name, image.digest);
  if (!isComplete(dir)) return false;
  const shown = showRemoteName(name);
  if (cachedDigest(sim.home, name) === image.digest) sim.say(`${shown} image is already cached and linked!`);
  else sim.say(`${shown} image is already cached! creating a symlink...`);
  linkName(sim.home, name, image.digest);
  touchAccess(dir, sim.now());
  return true;
}

/** Attempts per layer and for the whole image (§5.2). */
const ATTEMPTS = 5;
const networkLost = "The network connection was lost.";

async function download(sim: Sim, image: RemoteImage, partial: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    sim.say(`pulling disk (${showSize(image.compressedGB)} compressed)...`);
    try {
      await downloadDisk(sim, image, partial);
      break;
    } catch (error) {
      const lost = error instanceof TartFailure && error.stderr.endsWith(networkLost);
      if (!lost || attempt === ATTEMPTS) throw error;
      sim.say(`Error pulling image: "${networkLost}", attempting to re-try...`);
      await backOff(sim, attempt);
    }
  }
  sim.say("pulling NVRAM...");
}

const backOff = (sim: Sim, attempt: number): Promise<void> =>
  sim.sleep(sim.duration([0, Math.min(20_000, 1000 * 2 ** attempt)], "pull back-off", String(attempt)));

/** As a byte count is told to people; images of real registries are far smaller than a Mac's. */
const showSize = (gigabytes: number): string =>
  gigabytes >= 0.1 ? `${gigabytes} GB` : `${Math.max(1, Math.round(gigabytes * 1e6))} KB`;

/** A point of the download where a fault strikes; undefined when none is due. */
interface Obstacle {
  at: number;
  strike(): Promise<never>;
}

function obstacle(sim: Sim, image: RemoteImage): Obstacle | undefined {
  const loss = sim.faults.get("network-loss");
  if (loss !== undefined) return { at: (loss.percent ?? 50) / 100, strike: () => loseNetwork(sim) };
  const stall = sim.faults.get("stall");
  if (stall !== undefined)
    return {
      at: (stall.percent ?? 50) / 100,
      strike: () => sim.sleep(Infinity).then(() => loseNetwork(sim)),
    };
  const status = sim.faults.get("http-status")?.code;
  if (status !== undefined && (status >= 500 || status === 429))
    return { at: 0.3, strike: () => Promise.reject(unexpectedStatus("pulling blob", status)) };
  const free = freeBytes(sim);
  if (sim.faults.has("disk-full")) return { at: 0.6, strike: dieOfFullDisk };
  if (free < image.allocatedGB * GB)
    return { at: Math.max(0, free) / (image.allocatedGB * GB), strike: dieOfFullDisk };
  return undefined;
}

async function loseNetwork(sim: Sim): Promise<never> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    sim.say(`Error pulling disk layer 7: "${networkLost}", attempting to re-try...`);
    await backOff(sim, attempt);
  }
  throw swiftFailure(networkLost);
}

async function downloadDisk(sim: Sim, image: RemoteImage, partial: string): Promise<void> {
  const blocked = obstacle(sim, image);
  const progress = makeProgress(sim);
  await image.fetchDisk(partial, blocked?.at ?? 1, async (fraction) => {
    progress.show(fraction);
    if (blocked !== undefined && fraction >= blocked.at) await blocked.strike();
  });
}
