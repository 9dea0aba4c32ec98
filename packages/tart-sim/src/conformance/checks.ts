import type { Check } from "./check.ts";
import { guestChecks } from "./guest-checks.ts";
import { imageChecks } from "./image-checks.ts";
import { runChecks } from "./run-checks.ts";
import { storageChecks } from "./storage-checks.ts";

/** The 27 checks of tart-contract §12.7, in its order. */
export const checks: readonly Check[] = [...storageChecks, ...runChecks, ...guestChecks, ...imageChecks].sort(
  (a, b) => a.number - b.number,
);
