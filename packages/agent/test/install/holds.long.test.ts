import { test } from "vitest";
import { leavesNothing, survivesCrashes } from "./holds.ts";

test("many Macs: nothing the second time, nothing left in the end", () => leavesNothing(300));

test("a crash in the middle of either at any step: the same command again finishes", () =>
  survivesCrashes(1));
