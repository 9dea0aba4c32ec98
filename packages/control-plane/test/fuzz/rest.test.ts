import { test } from "vitest";
import { fuzzRest } from "./rest.ts";

test("whatever is sent to any call of the API, it is answered as documented and the fleet stays sound", () =>
  fuzzRest({ numRuns: 800, seed: 7337 }));
