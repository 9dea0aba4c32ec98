import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomMac } from "../host/random.ts";
import type { Sim } from "../sim.ts";
import { copyTree, makeSparseFile, writeJsonFile } from "../storage/files.ts";
import { lockDirectory } from "../storage/home.ts";
import { MiB, type VmConfig, writeVmConfig } from "../storage/vm-config.ts";
import { type VmDir, writeFacts } from "../storage/vm-dir.ts";
import type { CatalogueImage } from "./catalogue.ts";
import { GB } from "./disk-space.ts";

/** Lays down an image's files, as a finished download leaves them. */
export async function writeImage(sim: Sim, dir: VmDir, image: CatalogueImage): Promise<void> {
  mkdirSync(dir.path, { recursive: true });
  writeVmConfig(dir.config, imageConfig(image));
  makeSparseFile(dir.disk, image.diskGB * GB);
  writeFileSync(dir.nvram, "");
  writeJsonFile(join(dir.path, "manifest.json"), { schemaVersion: 2, digest: image.digest });
  writeFacts(dir, {
    allocatedBytes: image.allocatedGB * GB,
    agent: image.agent,
    ...(image.minHostVersion === undefined ? {} : { minHostVersion: image.minHostVersion }),
  });
  rmSync(dir.guestDisk, { recursive: true, force: true });
  copyTree(image.files ?? (await defaultGuestDisk(sim, image.os)), dir.guestDisk);
}

/** Every copy of an image carries the same MAC and serial, until `set` changes them. */
function imageConfig(image: CatalogueImage): VmConfig {
  const bytes = (count: number, ...purpose: readonly string[]) =>
    createHash("shake256", { outputLength: count })
      .update(JSON.stringify([image.digest, ...purpose]))
      .digest();
  return {
    version: 1,
    os: image.os,
    arch: "arm64",
    cpuCountMin: image.os === "darwin" ? 4 : 1,
    cpuCount: image.cpu,
    memorySizeMin: (image.os === "darwin" ? 4096 : 512) * MiB,
    memorySize: image.memoryMiB * MiB,
    macAddress: randomMac(bytes),
    display: { width: 1024, height: 768 },
    diskFormat: image.diskFormat,
    ...(image.os === "darwin"
      ? { ecid: bytes(24, "ecid").toString("base64"), hardwareModel: bytes(48, "model").toString("base64") }
      : {}),
  };
}

/** The guest's files that images without files of their own share, made once per host. */
async function defaultGuestDisk(sim: Pick<Sim, "hostDir">, os: "darwin" | "linux"): Promise<string> {
  const path = join(sim.hostDir, "images", os);
  const done = `${path}.done`;
  if (existsSync(done)) return path;
  const held = await lockDirectory(sim, path);
  try {
    if (existsSync(done)) return path;
    const { writeDefaultImage } = await import("../guest/image.ts");
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    await writeDefaultImage(path, { os });
    writeFileSync(done, "");
    return path;
  } finally {
    held.release();
  }
}
