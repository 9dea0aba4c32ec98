import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// Whole fleets of processes: more than two side by side would starve each other on a small machine.
export default defineConfig({
  test: { ...base, maxWorkers: 2, testTimeout: 90_000, hookTimeout: 90_000 },
});
