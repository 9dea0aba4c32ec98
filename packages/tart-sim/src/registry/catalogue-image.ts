import { rmSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile } from "../host/host-config.ts";
import { isRecord } from "../host/shape.ts";
import type { Sim } from "../sim.ts";
import { writeJsonFile } from "../storage/files.ts";
import type { CatalogueImage } from "./catalogue.ts";
import { GB } from "./disk-space.ts";
import { writeImage } from "./image-files.ts";
import type { RemoteImage } from "./remote-image.ts";

const LAYER = 512 * 1024 * 1024;
/** The progress is looked at once a simulated second. */
const TICK_MS = 1000;

/** An image of the catalogue: nothing is fetched, it only takes its time. */
export function fromCatalogue(sim: Sim, image: CatalogueImage): RemoteImage {
  const { digest, diskGB, allocatedGB, compressedGB } = image;
  return {
    digest,
    diskGB,
    allocatedGB,
    compressedGB,
    async fetchDisk(folder, limit, reached) {
      const megabytesPerSecond = sim.duration(sim.host.profile.pullMBps, "pull", digest);
      const wholeMs = (compressedGB * 1000 * 1000) / megabytesPerSecond;
      const from = resumedFraction(image, folder);
      const began = sim.now();
      for (;;) {
        const now = from + (sim.now() - began) / sim.scaled(wholeMs);
        const fraction = Math.min(1, Math.max(from, now), Math.max(from, limit));
        writeJsonFile(progressFile(folder), { digest, fraction });
        await reached(fraction);
        if (fraction >= 1) return;
        await sim.sleep(Math.min(TICK_MS, wholeMs));
      }
    },
    async write(dir) {
      await writeImage(sim, dir, image);
      rmSync(progressFile(dir.path), { force: true });
    },
  };
}

const progressFile = (partial: string): string => join(partial, ".sim-progress.json");

/** Share of the disk that an earlier pull left, in whole layers. */
function resumedFraction(image: CatalogueImage, partial: string): number {
  const stored = readJsonFile(progressFile(partial));
  if (!isRecord(stored) || stored["digest"] !== image.digest || typeof stored["fraction"] !== "number")
    return 0;
  const layer = LAYER / (image.diskGB * GB);
  return Math.floor(stored["fraction"] / layer) * layer;
}
