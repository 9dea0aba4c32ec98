import { canonicalImage } from "@tartfleet/shared";
import type { Log } from "../log.ts";
import type { SeenImage } from "../reconcile/image-step.ts";
import type { PulledImages } from "./ports.ts";

/** Which of the host's images this agent fetched. tart's cache belongs to whoever works on the Mac. */
export interface OwnImages {
  load(): Promise<void>;
  pulled(reference: string): void;
  removed(reference: string): void;
  /** The names of those among the images; a digest's own name is ours when a tag that we fetched stands for it. */
  among(images: readonly SeenImage[]): ReadonlySet<string>;
}

export function createOwnImages(disk: PulledImages, log: Log): OwnImages {
  let names = new Set<string>();
  let writing = Promise.resolve();

  /** What cannot be written down is taken for somebody else's after a restart, and stays. */
  function save(): void {
    const kept = [...names];
    writing = writing
      .then(() => disk.save(kept))
      .catch((error: unknown) => log.warn({ error: String(error) }, "own images cannot be written down"));
  }

  return {
    async load() {
      try {
        names = new Set(await disk.load());
      } catch (error) {
        log.warn({ error: String(error) }, "own images cannot be read; all are taken for somebody else's");
      }
    },
    pulled(reference) {
      names.add(canonicalImage(reference) ?? reference);
      save();
    },
    removed(reference) {
      if (names.delete(reference)) save();
    },
    among(images) {
      const digests = new Set(
        images.flatMap(({ reference, digest }) => (names.has(reference) && digest ? [digest] : [])),
      );
      const isOurs = ({ reference, digest }: SeenImage) =>
        names.has(reference) || (reference.includes("@") && digest !== undefined && digests.has(digest));
      return new Set(images.filter(isOurs).map(({ reference }) => reference));
    },
  };
}
