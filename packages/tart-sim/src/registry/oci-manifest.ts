import { isRecord, parseJson } from "../host/shape.ts";
import { swiftFailure } from "../cli/failure.ts";

/** What tart's images are made of (tart-contract §5.1, images.md §3.3). */
export const MEDIA = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  imageConfig: "application/vnd.oci.image.config.v1+json",
  config: "application/vnd.cirruslabs.tart.config.v1",
  disk: "application/vnd.cirruslabs.tart.disk.v2",
  oldDisk: "application/vnd.cirruslabs.tart.disk.v1",
  nvram: "application/vnd.cirruslabs.tart.nvram.v1",
} as const;

export const ANNOTATIONS = {
  diskSize: "org.cirruslabs.tart.uncompressed-disk-size",
  uploadTime: "org.cirruslabs.tart.upload-time",
  size: "org.cirruslabs.tart.uncompressed-size",
  contentDigest: "org.cirruslabs.tart.uncompressed-content-digest",
  /** The simulator's own: what its sparse files cannot tell. */
  facts: "dev.tartfleet.sim.facts",
} as const;

export interface Descriptor {
  mediaType: string;
  /** Bytes. */
  size: number;
  digest: string;
  annotations: Readonly<Record<string, string>>;
}

/** A manifest's parts, as a pull looks for them. */
export interface TartManifest {
  config: Descriptor;
  disk: readonly Descriptor[];
  nvram: Descriptor;
  annotations: Readonly<Record<string, string>>;
}

export function writeManifest(imageConfig: Descriptor, parts: TartManifest): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: imageConfig,
    layers: [parts.config, ...parts.disk, parts.nvram],
    annotations: parts.annotations,
  });
}

/** @throws TartFailure in tart's words, when it is no image of tart's (tart-contract §5.6) */
export function readManifest(text: string): TartManifest {
  const manifest = parseJson(text);
  const given = isRecord(manifest) ? manifest["layers"] : undefined;
  if (!isRecord(manifest) || !Array.isArray(given)) throw notAnImage();
  const layers = given.map(readDescriptor);
  const of = (type: string) => layers.filter(({ mediaType }) => mediaType === type);
  if (of(MEDIA.oldDisk).length > 0) {
    throw swiftFailure(
      `Pulling OCI images with legacy disk media type ${MEDIA.oldDisk} is no longer supported, please re-push the image using a current Tart version`,
    );
  }
  const [config, ...moreConfigs] = of(MEDIA.config);
  const [nvram, ...moreNvrams] = of(MEDIA.nvram);
  const disk = of(MEDIA.disk);
  if (!config || !nvram || moreConfigs.length > 0 || moreNvrams.length > 0)
    throw swiftFailure("ShouldBeExactlyOneLayer");
  if (disk.length === 0) throw swiftFailure("ShouldBeAtLeastOneLayer");
  return { config, nvram, disk, annotations: readAnnotations(manifest["annotations"]) };
}

function readDescriptor(given: unknown): Descriptor {
  const { mediaType, size, digest, annotations } = isRecord(given) ? given : {};
  if (typeof mediaType !== "string" || typeof size !== "number" || typeof digest !== "string")
    throw notAnImage();
  return { mediaType, size, digest, annotations: readAnnotations(annotations) };
}

function readAnnotations(given: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(isRecord(given) ? given : {}).map(([name, value]) => [name, String(value)]),
  );
}

const notAnImage = () => swiftFailure("The data couldn’t be read because it isn’t in the correct format.");
