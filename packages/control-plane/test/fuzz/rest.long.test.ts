import { test } from "vitest";
import { fuzzRest } from "./rest.ts";
import { FUZZ_SEED } from "./seed.ts";

test(`thousands of requests from seed ${FUZZ_SEED} are answered as documented`, () =>
  fuzzRest({ numRuns: 20_000, seed: FUZZ_SEED }));
