import type { Writable } from "node:stream";

/** Resolves when what was written has left, or never can; undefined when nothing waits. */
export function drained(out: Writable): Promise<void> | undefined {
  if (!out.writableNeedDrain) return undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = () => {
    out.off("drain", over).off("close", over);
    resolve();
  };
  out.on("drain", over).on("close", over);
  return promise;
}
