import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import { failureOf, ownFailure } from "./command.ts";
import { childEnv, type TartConfig } from "./config.ts";
import type { TartFailure } from "./tart.ts";

/** A program in a guest, with its streams open. All of them must be read. */
export interface Attached {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /**
   * When `tart exec` has ended: what its end means if it was tart's and not the program's, for the two look the same.
   * Takes the end of what was said on stderr.
   */
  suspicion(stderr: () => string): Promise<TartFailure>;
}

/** `tart exec -i` with its streams; the signal ends it, and the program in the guest with it (tart-contract §7). */
export function attach(
  config: TartConfig,
  name: string,
  argv: readonly string[],
  signal: AbortSignal,
): Attached {
  const child = execa(config.path, ["exec", "-i", name, ...argv], {
    env: childEnv(config, { registry: false }),
    extendEnv: false,
    reject: false,
    buffer: false,
    stripFinalNewline: false,
    cwd: "/",
    stdin: "pipe",
    cancelSignal: signal,
  });
  const { stdin, stdout, stderr } = child;
  // A program that ends without reading its input closes the pipe; its exit is what counts.
  stdin.on("error", () => {});
  return {
    stdin,
    stdout,
    stderr,
    async suspicion(said) {
      const { exitCode = null, signal: endedBy = null, code, shortMessage = "" } = await child;
      if (exitCode === null && endedBy === null) {
        return ownFailure(code === "ENOENT" ? "NOT_INSTALLED" : "UNKNOWN", "exec", shortMessage);
      }
      return failureOf(config, { command: "exec", exitCode, signal: endedBy, stdout: "", stderr: said() });
    },
  };
}
