import { matchesImage } from "@tartfleet/settings";
import { ProviderFailure } from "./failure.ts";

/** @throws ProviderFailure when the pool's image is none that this provider may use */
export function requireAllowed(image: string, images: readonly string[]): void {
  if (images.some((pattern) => matchesImage(pattern, image))) return;
  throw new ProviderFailure(
    `The pool's image ${image} is not one that this provider may use. It has ${images.join(", ")}.`,
  );
}
