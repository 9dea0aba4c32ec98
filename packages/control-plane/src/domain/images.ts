import type { HostFacts, ImageRecord } from "@tartfleet/shared";
import { pulledBytes } from "./images/pulled-bytes.ts";

/** A host and the images that its agent told of. */
interface ImageHost {
  name: string;
  images: HostFacts["images"];
  /** What it fetches now. */
  pulls: NonNullable<HostFacts["pulls"]>;
}

/**
 * The fleet's images by name. A name that stands for different digests on different hosts is an old tag somewhere:
 * the same request would get another image there (peers §4 row 22).
 *
 * @param timesOf how long VMs that asked for the image took to come up
 */
export function listImages(
  hosts: readonly ImageHost[],
  timesOf: (image: string) => ImageRecord["times"],
): ImageRecord[] {
  const found = hosts.flatMap(({ name, images }) => images.map((image) => ({ ...image, host: name })));
  const tagged = new Set(
    found.flatMap(({ reference, digest }) => (reference.includes("@") ? [] : (digest ?? []))),
  );
  const named = found.filter(
    ({ reference, digest }) => !reference.includes("@") || !tagged.has(digest ?? ""),
  );
  const pulling = Map.groupBy(
    hosts.flatMap(({ name, pulls }) => pulls.map((pull) => ({ ...pull, host: name }))),
    ({ reference }) => reference,
  );
  const copiesOf = Map.groupBy(named, ({ reference }) => reference);
  return [...new Set([...copiesOf.keys(), ...pulling.keys()])]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((reference) => {
      const copies = copiesOf.get(reference) ?? [];
      const digests = [...Map.groupBy(copies, ({ digest }) => digest ?? null)]
        .map(([digest, having]) => ({ digest, hosts: having.map(({ host }) => host).sort() }))
        .sort((a, b) => b.hosts.length - a.hosts.length || ((a.digest ?? "") < (b.digest ?? "") ? -1 : 1));
      return {
        reference,
        hosts: copies.length,
        sizeGiB: Math.max(0, ...copies.map(({ sizeGiB }) => sizeGiB)),
        digests,
        pulling: (pulling.get(reference) ?? []).map(({ host, percent, totalBytes = null }) => ({
          host,
          percent,
          bytes: pulledBytes(percent, totalBytes),
          totalBytes,
        })),
        times: timesOf(reference),
        isMixed: digests.filter(({ digest }) => digest !== null).length > 1,
      };
    });
}
