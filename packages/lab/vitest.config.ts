import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// Whole fleets of processes: more than three side by side, or two of the long lane's, would starve each other on a small
// machine.
export default defineConfig(({ mode }) => {
  const { testTimeout, hookTimeout, ...rest } = base(mode);
  return {
    test: {
      ...rest,
      maxWorkers: mode === "long" ? 2 : 3,
      testTimeout: Math.max(90_000, testTimeout),
      hookTimeout: Math.max(90_000, hookTimeout),
    },
  };
});
