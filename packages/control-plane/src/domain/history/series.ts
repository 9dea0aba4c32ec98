import type { Phase } from "@tartfleet/shared";

/** Which durations: a phase everywhere, with an image (by reference or digest), or a team's runs of an image. */
export type SeriesKey =
  | { phase: Phase }
  | { phase: Phase; image: string }
  | { phase: Phase; digest: string }
  | { phase: "run"; team: string; image: string };

/** Whose attempts. */
export type AttemptsOf = { hostId: number } | { image: string } | { digest: string };
