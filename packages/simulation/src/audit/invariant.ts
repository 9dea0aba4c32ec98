import type { View } from "./view.ts";

/** A promise that is checked after every step. It may remember what it saw. */
export interface Invariant {
  /** As in test names and reports: what must hold. */
  name: string;
  /** How it is broken, if it is. */
  check(view: View): string | undefined;
  /** The database was put back: what is remembered of it may have been undone. */
  onRestored?(view: View): void;
}
