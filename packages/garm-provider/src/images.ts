import { ProviderFailure } from "./failure.ts";

/** Whether a pattern stands for an image: `*` is anything but a slash, `**` anything. */
function matches(pattern: string, image: string): boolean {
  const parts = pattern.split(/(\*{1,2})/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join("")}$`).test(image);
}

/** @throws ProviderFailure when the pool's image is none that this provider may use */
export function requireAllowed(image: string, images: readonly string[]): void {
  if (images.some((pattern) => matches(pattern, image))) return;
  throw new ProviderFailure(
    `The pool's image ${image} is not one that this provider may use. It has ${images.join(", ")}.`,
  );
}
