import { defineConfig } from "vitest/config";
import { base } from "../vitest.base.ts";

// The CDK takes a second to load: once, for all files.
export default defineConfig(({ mode }) => ({ test: { ...base(mode), isolate: false, maxWorkers: 1 } }));
