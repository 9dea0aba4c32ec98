import type { Phase } from "@tartfleet/shared";
import { durationText } from "../parts/text.ts";
import type { Slowness } from "./slowness.ts";

/** `booting`, as in "booting takes 41s". */
export const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  queued: "waiting",
  assigned: "being taken on",
  pulling: "fetching the image",
  cloning: "cloning",
  booting: "booting",
  provisioning: "setting up",
  run: "running",
  stop: "stopping",
};

export function secondsText(seconds: number): string {
  return durationText(seconds * 1000);
}

/** What is slow about an image: `booting takes 2m 5s, with the other images 41s`. */
export function slownessText({ phase, seconds, usualSeconds }: Slowness): string {
  return `${PHASE_WORDS[phase]} takes ${secondsText(seconds)}, with the other images ${secondsText(usualSeconds)}`;
}

/** As much of a digest as tells images apart for a reader. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

/** The page of an image. */
export function imageHref(reference: string): string {
  return `/images/${encodeURIComponent(reference)}`;
}
