import { fileURLToPath } from "node:url";
import { execa } from "execa";

const MAIN = fileURLToPath(new URL("../../src/demo/main.ts", import.meta.url));
/** Many times what it takes. */
const HANGS_MS = 240_000;

/** Runs the demo as a person would; one that hangs is interrupted, and what it showed until then is in `stderr`. */
export const playDemo = (...args: string[]) =>
  execa(process.execPath, [MAIN, ...args], { reject: false, timeout: HANGS_MS });
