import { test } from "vitest";
import { FUZZ_SEED } from "./seed.ts";
import { fuzzSockets } from "./socket.ts";

test(`thousands of frames from seed ${FUZZ_SEED} harm nobody`, () =>
  fuzzSockets({ numRuns: 10_000, seed: FUZZ_SEED }));
