import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// They wait for processes more than they work.
export default defineConfig(({ mode }) => ({ test: { ...base(mode), maxWorkers: 2 } }));
