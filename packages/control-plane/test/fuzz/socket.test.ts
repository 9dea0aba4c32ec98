import { test } from "vitest";
import { fuzzSockets } from "./socket.ts";

test("whatever is said on a socket, the control plane goes on, calls nothing a bug, and the fleet stays sound", () =>
  fuzzSockets({ numRuns: 300, seed: 7337 }));
