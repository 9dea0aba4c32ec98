import { StageFailure } from "./failure.ts";

/** Whether a pattern stands for an image: `*` is anything but a slash, `**` anything. */
export function matches(pattern: string, image: string): boolean {
  const parts = pattern.split(/(\*{1,2})/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join("")}$`).test(image);
}

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
  if (image === defaultImage || images.some((pattern) => matches(pattern, image))) return image;
  throw new StageFailure("job", `The job's image: ${image} is not one that this runner may use. ${choice}`);
}
