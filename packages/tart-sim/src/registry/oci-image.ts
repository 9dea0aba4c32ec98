import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseJson } from "../host/shape.ts";
import type { Sim } from "../sim.ts";
import { makeSparseFile } from "../storage/files.ts";
import type { RemoteName } from "../storage/remote-name.ts";
import { isVmFacts, writeFacts } from "../storage/vm-dir.ts";
import { GB } from "./disk-space.ts";
import { type Connection, digestOf, openRepository } from "./oci-client.ts";
import { ANNOTATIONS, type Descriptor, readManifest } from "./oci-manifest.ts";
import type { RemoteImage } from "./remote-image.ts";

/**
 * An image that `oci-push.ts` has put into a registry that is really there.
 *
 * @throws TartFailure in tart's words
 */
export async function openRemote(sim: Sim, name: RemoteName, connection: Connection): Promise<RemoteImage> {
  const repository = openRepository(sim, name, connection);
  const { reference } = name;
  const bytes = await repository.pullManifest(reference.kind === "tag" ? reference.tag : reference.digest);
  const { config, disk, nvram, annotations } = readManifest(bytes.toString());
  const facts = parseJson(annotations[ANNOTATIONS.facts] ?? "{}");
  const diskBytes = Number(annotations[ANNOTATIONS.diskSize] ?? 0);
  const known = isVmFacts(facts) ? facts : { allocatedBytes: diskBytes, agent: true };
  const compressed = sizeOf(disk);
  return {
    digest: digestOf(bytes),
    diskGB: diskBytes / GB,
    allocatedGB: known.allocatedBytes / GB,
    compressedGB: compressed / GB,
    async fetchDisk(folder, _limit, reached) {
      mkdirSync(layersIn(folder), { recursive: true });
      const isThere = (layer: Descriptor) => isWhole(layerPath(folder, layer), layer.digest);
      const missing = disk.filter((layer) => !isThere(layer));
      let left = sizeOf(missing);
      await reached(1 - left / compressed);
      for (const layer of missing) {
        writeFileSync(layerPath(folder, layer), await repository.pullBlob(layer.digest));
        left -= layer.size;
        await reached(1 - left / compressed);
      }
    },
    async write(dir) {
      mkdirSync(dir.guestDisk, { recursive: true });
      const tar = Buffer.concat(disk.map((layer) => gunzipSync(readFileSync(layerPath(dir.path, layer)))));
      execFileSync("tar", ["-xpf", "-", "-C", dir.guestDisk], { input: tar });
      rmSync(layersIn(dir.path), { recursive: true });
      writeFileSync(dir.config, await repository.pullBlob(config.digest));
      writeFileSync(dir.nvram, await repository.pullBlob(nvram.digest));
      makeSparseFile(dir.disk, diskBytes);
      writeFileSync(join(dir.path, "manifest.json"), bytes);
      writeFacts(dir, known);
    },
  };
}

const layersIn = (folder: string): string => join(folder, ".sim-layers");
const layerPath = (folder: string, { digest }: Descriptor): string =>
  join(layersIn(folder), digest.replace(":", "-"));

const sizeOf = (layers: readonly Descriptor[]): number => layers.reduce((sum, { size }) => sum + size, 0);

/** Of a layer that an interrupted pull left, only one that is whole is of use. */
const isWhole = (path: string, digest: string): boolean =>
  existsSync(path) && digestOf(readFileSync(path)) === digest;
