import type { HostFacts, ImageRecord } from "@tartfleet/shared";

/** A host and the images that its agent told of. */
interface ImageHost {
  name: string;
  images: HostFacts["images"];
}

/**
 * The fleet's images by name. A name that stands for different digests on different hosts is an old tag somewhere:
 * the same request would get another image there (peers §4 row 22).
 */
export function listImages(hosts: readonly ImageHost[]): ImageRecord[] {
  const found = hosts.flatMap(({ name, images }) => images.map((image) => ({ ...image, host: name })));
  const tagged = new Set(
    found.flatMap(({ reference, digest }) => (reference.includes("@") ? [] : (digest ?? []))),
  );
  const named = found.filter(
    ({ reference, digest }) => !reference.includes("@") || !tagged.has(digest ?? ""),
  );
  return [...Map.groupBy(named, ({ reference }) => reference)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reference, copies]) => {
      const digests = [...Map.groupBy(copies, ({ digest }) => digest ?? null)]
        .map(([digest, having]) => ({ digest, hosts: having.map(({ host }) => host).sort() }))
        .sort((a, b) => b.hosts.length - a.hosts.length || ((a.digest ?? "") < (b.digest ?? "") ? -1 : 1));
      return {
        reference,
        hosts: copies.length,
        sizeGiB: Math.max(...copies.map(({ sizeGiB }) => sizeGiB)),
        digests,
        isMixed: digests.filter(({ digest }) => digest !== null).length > 1,
      };
    });
}
