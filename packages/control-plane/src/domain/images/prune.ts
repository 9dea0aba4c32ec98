import { canonicalImage, imageParts, type HostFacts } from "@tartfleet/shared";

type CachedImage = HostFacts["images"][number];

/** An image on a host under all its names; its room is free when the last of them is gone. */
export interface PrunableImage {
  /** As tart lists them, tags first. */
  references: string[];
  digest: string | undefined;
  sizeGiB: number;
  /** ISO 8601; undefined when tart does not say. */
  lastUsedAt: string | undefined;
}

export interface KeptImage extends PrunableImage {
  why: string;
}

export interface PruneDecision {
  /** What goes, in this order. */
  remove: PrunableImage[];
  keep: KeptImage[];
  /** What is free afterwards, as far as it is known. */
  freeGiB: number;
}

/** Why an image must stay, by a name under which somebody may ask for it; undefined when nobody does. */
export type NeedOf = (reference: string) => string | undefined;

export const NOT_OURS = "not fetched by tartfleet";
const ROOM_ENOUGH = "there is room enough";

/**
 * What to remove of a host's images until so much is free: the least recently used first, and none that anybody
 * needs. Images that tartfleet did not fetch belong to the people of that Mac, and stay unless they are meant, too.
 */
export function decidePrune(options: {
  images: readonly CachedImage[];
  freeGiB: number;
  untilGiB: number;
  needOf: NeedOf;
  alsoForeign: boolean;
}): PruneDecision {
  const { images, untilGiB, needOf, alsoForeign } = options;
  const remove: PrunableImage[] = [];
  const keep: KeptImage[] = [];
  let { freeGiB } = options;
  const groups = Map.groupBy(images, ({ digest, reference }) => digest ?? reference);
  const oldestFirst = [...groups.values()]
    .map((copies) => ({ image: imageOf(copies), isOurs: copies.every(({ isOurs }) => isOurs) }))
    .sort((a, b) => compare(a.image.lastUsedAt ?? "", b.image.lastUsedAt ?? ""));
  for (const { image, isOurs } of oldestFirst) {
    const need = namesOf(image)
      .map(needOf)
      .find((why) => why !== undefined);
    const why = need ?? (isOurs || alsoForeign ? undefined : NOT_OURS);
    if (why === undefined && freeGiB < untilGiB) {
      remove.push(image);
      freeGiB += image.sizeGiB;
    } else keep.push({ ...image, why: why ?? ROOM_ENOUGH });
  }
  return { remove, keep, freeGiB };
}

function imageOf(copies: readonly CachedImage[]): PrunableImage {
  const used = copies.flatMap(({ lastUsedAt }) => lastUsedAt ?? []).sort();
  const isByDigest = (reference: string) => Number(reference.includes("@"));
  return {
    references: copies
      .map(({ reference }) => reference)
      .sort((a, b) => isByDigest(a) - isByDigest(b) || compare(a, b)),
    digest: copies[0]?.digest,
    sizeGiB: Math.max(...copies.map(({ sizeGiB }) => sizeGiB)),
    lastUsedAt: used.at(-1),
  };
}

/** Every name under which it may be asked for. */
export function namesOf({ references, digest }: Pick<PrunableImage, "references" | "digest">): string[] {
  const byDigest = references.flatMap((reference) => {
    const repository = imageParts(reference)?.repository;
    return digest === undefined || repository === undefined ? [] : [`${repository}@${digest}`];
  });
  return [...new Set([...references, ...byDigest])];
}

/** Names that somebody needs, with why; a name without a tag is `latest`. */
export function needsOf(needs: Iterable<readonly [reference: string, why: string]>): NeedOf {
  const known = new Map<string, string>();
  for (const [reference, why] of needs) known.set(canonicalImage(reference) ?? reference, why);
  return (reference) => known.get(reference);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
