import type { Bench } from "./bench.ts";

/** One check of tart-contract §12.7: returns when the promise is kept, throws when it is not. */
export interface Check {
  number: number;
  title: string;
  run(bench: Bench): Promise<void>;
}
