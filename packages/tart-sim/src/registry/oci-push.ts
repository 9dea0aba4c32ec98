import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Sim } from "../sim.ts";
import { logicalSize } from "../storage/files.ts";
import { readConfig, readFacts, type VmDir } from "../storage/vm-dir.ts";
import { digestOf, type Repository } from "./oci-client.ts";
import { ANNOTATIONS, type Descriptor, MEDIA, writeManifest } from "./oci-manifest.ts";
import { makeProgress } from "./progress.ts";

/**
 * The simulator's images in a registry that is really there: tart's layout, with three differences. What the disk
 * holds is the guest's files (a tar), since disk.img is empty; a layer of the disk is of 256 KiB before its
 * compression, not of 512 MiB, so that a small image has several; and it is gzip, not Apple's LZ4.
 */
const LAYER_BYTES = 256 * 1024;
const TAR_LIMIT = 1024 ** 3;

interface Push {
  /** `host/namespace`, as it is shown. */
  target: string;
  tags: readonly string[];
  labels: Readonly<Record<string, string>>;
}

/** Pushes a VM's files under each of the tags. Says what the original says. */
export async function pushImage(
  sim: Sim,
  dir: VmDir,
  repository: Repository,
  { target, tags, labels }: Push,
): Promise<void> {
  const { os, arch, diskFormat } = readConfig(dir);
  const put = async (mediaType: string, blob: Buffer, annotations = {}): Promise<Descriptor> => ({
    mediaType,
    ...(await repository.pushBlob(blob)),
    annotations,
  });
  sim.say("pushing config...");
  const config = await put(MEDIA.config, readFileSync(dir.config));
  sim.say("pushing disk... this will take a while...");
  const disk: Descriptor[] = [];
  const chunks = chunksOf(tarOf(dir));
  const progress = makeProgress(sim);
  progress.show(0);
  for (const chunk of chunks) {
    const annotations = {
      [ANNOTATIONS.size]: String(chunk.length),
      [ANNOTATIONS.contentDigest]: digestOf(chunk),
    };
    disk.push(await put(MEDIA.disk, gzipSync(chunk), annotations));
    progress.show(disk.length / chunks.length);
  }
  sim.say("pushing NVRAM...");
  const nvram = await put(MEDIA.nvram, readFileSync(dir.nvram));
  const about = {
    architecture: arch,
    os,
    config: { Labels: { "org.cirruslabs.tart.disk.format": diskFormat, ...labels } },
  };
  const imageConfig = await put(MEDIA.imageConfig, Buffer.from(JSON.stringify(about)));
  const annotations = {
    [ANNOTATIONS.diskSize]: String(logicalSize(dir.disk)),
    [ANNOTATIONS.uploadTime]: new Date(sim.now()).toISOString(),
    [ANNOTATIONS.facts]: JSON.stringify(readFacts(dir)),
  };
  const manifest = writeManifest(imageConfig, { config, disk, nvram, annotations });
  for (const tag of tags) {
    sim.say(`pushing manifest for ${target}:${tag}...`);
    await repository.pushManifest(tag, manifest);
  }
}

/** The guest's files, without what is laid down anew at each start. */
function tarOf({ guestDisk }: VmDir): Buffer {
  mkdirSync(guestDisk, { recursive: true });
  return execFileSync("tar", ["-cf", "-", "--exclude", "./.sim", "-C", guestDisk, "."], {
    maxBuffer: TAR_LIMIT,
  });
}

function chunksOf(bytes: Buffer): Buffer[] {
  const starts = Array.from(
    { length: Math.ceil(bytes.length / LAYER_BYTES) },
    (_, index) => index * LAYER_BYTES,
  );
  return starts.map((start) => bytes.subarray(start, start + LAYER_BYTES));
}
