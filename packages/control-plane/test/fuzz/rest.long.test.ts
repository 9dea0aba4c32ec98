import { test } from "vitest";
import { fuzzRest } from "./rest.ts";

const seed = Date.now() % 2 ** 31;

test(`thousands of requests from seed ${seed} are answered as documented`, () =>
  fuzzRest({ numRuns: 20_000, seed }));
