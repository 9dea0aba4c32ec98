import { matchesImage } from "@tartfleet/settings";
import { StageFailure } from "./failure.ts";

/**
 * The image that a job gets.
 *
 * @throws StageFailure of the job when it may not have it
 */
export function chooseImage(
  asked: string | undefined,
  { images, defaultImage }: { images: readonly string[]; defaultImage?: string | undefined },
): string {
  const image = asked ?? defaultImage;
  const choice = `This runner has ${images.join(", ")}.`;
  if (image === undefined)
    throw new StageFailure("job", `The job names no image: and there is no default. ${choice}`);
  // What the administrator chose is not asked about.
  if (image === defaultImage || images.some((pattern) => matchesImage(pattern, image))) return image;
  throw new StageFailure("job", `The job's image: ${image} is not one that this runner may use. ${choice}`);
}
