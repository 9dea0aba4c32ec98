import { test } from "vitest";
import { leavesNothing, survivesCrashes } from "./holds.ts";

test("a few Macs: nothing the second time, nothing left in the end", () => leavesNothing(10));

test("a crash in the middle of either at some steps: the same command again finishes", () =>
  survivesCrashes(9));
