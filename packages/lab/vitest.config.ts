import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// Whole fleets of processes: more than two side by side would starve each other on a small machine.
export default defineConfig(({ mode }) => ({ test: { ...base(mode), maxWorkers: 2 } }));
