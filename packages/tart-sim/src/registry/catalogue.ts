import { createHash } from "node:crypto";
import { join } from "node:path";
import { readJsonFile, SimConfigError } from "../host/host-config.ts";
import { fits, isRecord, type Shape } from "../host/shape.ts";
import type { RemoteName } from "../storage/remote-name.ts";
import { repository } from "../storage/remote-name.ts";

/** One image in the simulated registries. The file is read on each command, so tags can be moved. */
export interface CatalogueImage {
  /** `host/namespace`, without a tag. */
  name: string;
  /** `sha256:…`; made from the rest of the entry when absent. */
  digest: string;
  /** What a registry serves as its manifest: the digest is of these bytes, unless the entry gives one. */
  manifest: string;
  tags: readonly string[];
  os: "darwin" | "linux";
  /** Gigabytes the disk claims, takes, and travels as. */
  diskGB: number;
  allocatedGB: number;
  compressedGB: number;
  cpu: number;
  memoryMiB: number;
  diskFormat: "raw" | "asif";
  /** Does the guest run tart's agent? Vanilla images do not. */
  agent: boolean;
  /** Who may pull; absent for a public image. */
  auth?: { username: string; password: string };
  minHostVersion?: string;
  /** Directory that becomes the guest's filesystem; absent for the default guest. */
  files?: string;
}

const imageDefaults = {
  tags: ["latest"],
  os: "darwin",
  diskGB: 50,
  allocatedGB: 25,
  compressedGB: 20,
  cpu: 4,
  memoryMiB: 8192,
  diskFormat: "raw",
  agent: true,
} as const;

/** An entry of catalogue.json: only the name must be given. */
export type ImageEntry = Partial<Omit<CatalogueImage, "name" | "manifest">> & { name: string };

/** What the registries hold when there is no catalogue.json. */
const defaultImages: readonly ImageEntry[] = [
  {
    name: "ghcr.io/cirruslabs/macos-runner",
    tags: ["sequoia", "latest"],
    diskGB: 120,
    allocatedGB: 60,
    compressedGB: 40,
  },
  {
    name: "registry.example.com/macos/xcode",
    tags: ["16", "latest"],
    diskGB: 100,
    allocatedGB: 70,
    compressedGB: 45,
  },
  {
    name: "registry.example.com/linux/ubuntu",
    tags: ["24.04", "latest"],
    os: "linux",
    diskGB: 20,
    allocatedGB: 4,
    compressedGB: 1,
    memoryMiB: 4096,
  },
  { name: "registry.example.com/macos/vanilla", tags: ["15", "latest"], agent: false, compressedGB: 15 },
  {
    name: "registry.example.com/private/xcode",
    tags: ["16", "latest"],
    auth: { username: "ci", password: "correct-horse" },
  },
];

const entryShape: Shape<ImageEntry> = {
  name: "string",
  digest: "?string",
  tags: "?array",
  os: "?string",
  diskGB: "?number",
  allocatedGB: "?number",
  compressedGB: "?number",
  cpu: "?number",
  memoryMiB: "?number",
  diskFormat: "?string",
  agent: "?boolean",
  auth: "?object",
  minHostVersion: "?string",
  files: "?string",
};

export const catalogueFile = (hostDir: string): string => join(hostDir, "catalogue.json");

export function readCatalogue(hostDir: string): CatalogueImage[] {
  return readEntries(hostDir).map((entry) => {
    const manifest = manifestOf({ ...entry });
    return { ...imageDefaults, digest: digestOf(manifest), ...entry, manifest };
  });
}

export const tagsOf = (entry: ImageEntry): readonly string[] => entry.tags ?? imageDefaults.tags;

/** What stands in the catalogue, without what is made from it. */
export function readEntries(hostDir: string): readonly ImageEntry[] {
  const path = catalogueFile(hostDir);
  const given = readJsonFile(path);
  if (given === undefined) return defaultImages;
  if (!Array.isArray(given)) throw new SimConfigError(`${path} should hold an array of images`);
  return given.map((entry: unknown, index) => validEntry(entry, `${path}[${index}]`));
}

function validEntry(entry: unknown, where: string): ImageEntry {
  if (!isRecord(entry)) throw new SimConfigError(`${where} should be an object`);
  const mistaken = Object.keys(entry).find((key) => !(key in entryShape));
  if (mistaken !== undefined) throw new SimConfigError(`${where}: unknown key "${mistaken}"`);
  if (!fits<ImageEntry>(entry, entryShape) || !entry.name.includes("/"))
    throw new SimConfigError(`${where}: "name" should be host/namespace, and every field of its own type`);
  return entry;
}

/** Content decides it; tags do not, so that a moved tag keeps its digest. */
function manifestOf({ tags: _tags, ...content }: Record<string, unknown>): string {
  return JSON.stringify(content);
}

export function digestOf(manifest: string): string {
  return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
}

/** The image that the registry has under this name now. */
export function findImage(
  catalogue: readonly CatalogueImage[],
  name: RemoteName,
): CatalogueImage | undefined {
  const { reference } = name;
  return catalogue.find(
    (image) =>
      image.name === repository(name) &&
      (reference.kind === "digest" ? image.digest === reference.digest : image.tags.includes(reference.tag)),
  );
}
