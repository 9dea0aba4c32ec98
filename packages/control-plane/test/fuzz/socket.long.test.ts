import { test } from "vitest";
import { fuzzSockets } from "./socket.ts";

const seed = Date.now() % 2 ** 31;

test(`thousands of frames from seed ${seed} harm nobody`, () => fuzzSockets({ numRuns: 10_000, seed }));
