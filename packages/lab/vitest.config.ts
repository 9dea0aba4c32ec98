import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// Whole fleets of processes: more than two side by side would starve each other on a small machine.
export default defineConfig(({ mode }) => {
  const { testTimeout, hookTimeout, ...rest } = base(mode);
  return {
    test: {
      ...rest,
      maxWorkers: 2,
      testTimeout: Math.max(90_000, testTimeout),
      hookTimeout: Math.max(90_000, hookTimeout),
    },
  };
});
