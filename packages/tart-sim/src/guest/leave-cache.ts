import { flushCompileCache } from "node:module";

/**
 * Keeps what this program has compiled, and the cache's name out of what it starts.
 * Imported first by the guest-side programs (program.sh).
 */
delete process.env["NODE_COMPILE_CACHE"];

/** For programs that end by being killed. */
export const keepCompiled = (): void => flushCompileCache();
