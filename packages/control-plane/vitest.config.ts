import { defineConfig } from "vitest/config";
import { base } from "../../vitest.base.ts";

// To load all of it anew for each file would take longer than the tests themselves.
export default defineConfig(({ mode }) => ({ test: { ...base(mode), isolate: false } }));
