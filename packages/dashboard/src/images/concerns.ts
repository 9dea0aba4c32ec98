import type { ImageRecord } from "@tartfleet/shared";
import type { Verdict } from "../fleet/verdict.ts";
import { countText, imageText } from "../parts/text.ts";
import { slownessOf } from "./slowness.ts";
import { imageHref, slownessText } from "./words.ts";

/** What somebody should look at among the images; null when there is nothing. Pure. */
export function concernsOf(images: readonly ImageRecord[]): Verdict | null {
  const concerns = images.flatMap((image) => {
    const slowness = slownessOf(image, images);
    return [
      ...(slowness ? [`is slow: ${slownessText(slowness)}`] : []),
      ...(image.isMixed
        ? ["is not the same on all hosts: its tag was moved since some of them fetched it"]
        : []),
    ].map((text) => ({
      severity: "watch" as const,
      text: `${imageText(image.reference)} ${text}`,
      href: imageHref(image.reference),
    }));
  });
  if (concerns.length === 0) return null;
  return { state: "watch", sentence: `${countText(concerns.length, "thing")} to look at.`, concerns };
}
