import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// Whole fleets of processes: side by side they would starve each other on a small machine.
export default defineConfig({
  test: { ...base, fileParallelism: false, testTimeout: 90_000, hookTimeout: 90_000 },
});
