import { rmSync } from "node:fs";
import type { Sim } from "../sim.ts";
import { cacheEntries } from "../storage/oci-cache.ts";
import { accessedAt, readFacts, type VmDir } from "../storage/vm-dir.ts";

/** Decimal, as everything about disks in tart. */
export const GB = 1_000_000_000;
export const GiB = 1024 ** 3;

const cachedImages = (sim: Sim): VmDir[] =>
  cacheEntries(sim.home)
    .filter(({ kind }) => kind === "digest")
    .map(({ dir }) => dir);

/** Free bytes of the simulated volume: clones cost nothing, cached images their allocated size. */
export function freeBytes(sim: Sim): number {
  const used = cachedImages(sim).reduce((sum, dir) => sum + readFacts(dir).allocatedBytes, 0);
  return sim.host.diskGB * GB - used;
}

/**
 * Automatic pruning (tart-contract §4.3): deletes cached images, least recently accessed first,
 * until `needed` bytes are free. If even all of them would not do, it deletes nothing.
 */
export function pruneFor(sim: Sim, needed: number, keep?: VmDir): void {
  if (sim.env["TART_NO_AUTO_PRUNE"] !== undefined) return;
  const victimName = sim.faults.get("auto-prune")?.image;
  if (victimName !== undefined) deleteImages(imagesNamed(sim, victimName));
  const missing = needed - freeBytes(sim);
  if (missing < 0) return;
  const candidates = cachedImages(sim)
    .filter((dir) => dir.path !== keep?.path)
    .sort((a, b) => accessedAt(a) - accessedAt(b));
  const victims: VmDir[] = [];
  let reclaimed = 0;
  for (const dir of candidates) {
    if (reclaimed > missing) break;
    victims.push(dir);
    reclaimed += readFacts(dir).allocatedBytes;
  }
  if (reclaimed > missing) deleteImages(victims);
}

function imagesNamed(sim: Sim, pattern: string): VmDir[] {
  const fits = new RegExp(pattern);
  return cacheEntries(sim.home)
    .filter(({ name }) => fits.test(name))
    .map(({ dir }) => dir);
}

/** The tags stay behind, dangling, until the next collection: the original's known symptom. */
function deleteImages(dirs: readonly VmDir[]): void {
  for (const { path } of dirs) rmSync(path, { recursive: true, force: true });
}
