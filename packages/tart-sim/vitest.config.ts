import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// Many tests start a process for every tart command.
export default defineConfig(({ mode }) => ({
  test: { ...base(mode), testTimeout: 120_000, hookTimeout: 120_000 },
}));
