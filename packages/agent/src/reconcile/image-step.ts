import { canonicalImage, imageParts, type Assignment, type ImageWork } from "@tartfleet/shared";

/** The next thing to do about the host's images, beside what its instances do. */
export type ImageStep =
  | { kind: "rest" }
  | { kind: "pull"; reference: string; grant: number }
  | { kind: "remove"; reference: string; grant: number };

/** An image as a look found it. */
export interface SeenImage {
  reference: string;
  digest?: string | undefined;
}

export interface ImageStepInput {
  /** null when nobody has said what to do. */
  work: ImageWork | null;
  assignments: readonly Pick<Assignment, "image" | "want">[];
  /** What the host's instances were made from, those that nobody asks for any more too. */
  instanceDigests: readonly string[];
  images: readonly SeenImage[];
  /** An instance fetches its image now. */
  isVmPulling: boolean;
  /** Whether that was tried under its grant and failed. */
  hasFailed: (grant: number, reference: string) => boolean;
}

/**
 * One step at a time, in the order in which they are asked for; what is removed comes first and makes room. Nothing
 * is removed that an instance of this host was made from or is to be made from, whoever asks for it, and nothing
 * is fetched while an instance waits for its own image.
 */
export function nextImageStep(input: ImageStepInput): ImageStep {
  const { work, images, isVmPulling, hasFailed } = input;
  if (!work) return { kind: "rest" };
  const needed = neededDigests(input);
  const removable = work.remove.find(({ reference, digest, grant }) => {
    const seen = images.find((image) => image.reference === reference);
    if (!seen || hasFailed(grant, reference)) return false;
    if (digest !== undefined && digest !== seen.digest) return false;
    const stands = seen.digest ?? imageParts(reference)?.digest;
    return !needed.has(reference) && (stands === undefined || !needed.has(stands));
  });
  if (removable) return { kind: "remove", reference: removable.reference, grant: removable.grant };
  if (isVmPulling) return { kind: "rest" };
  const missing = work.pull.find(
    ({ reference, grant }) =>
      !hasFailed(grant, reference) && !images.some((image) => image.reference === reference),
  );
  return missing ? { kind: "pull", ...missing } : { kind: "rest" };
}

/** References that are needed here, and the digests that they stand for: removing one under another name takes both. */
function neededDigests({ work, assignments, instanceDigests, images }: ImageStepInput): Set<string> {
  const references = new Set([
    ...assignments.map(({ image }) => canonicalImage(image) ?? image),
    ...(work?.pull ?? []).map(({ reference }) => reference),
  ]);
  const digests = images.flatMap(({ reference, digest }) =>
    digest !== undefined && references.has(reference) ? [digest] : [],
  );
  return new Set([...references, ...digests, ...instanceDigests]);
}
