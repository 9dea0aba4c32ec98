import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, expect } from "vitest";

const MAIN = fileURLToPath(new URL("../../src/demo/main.ts", import.meta.url));

/** A directory of its own for everything that the demo makes; a test fails that leaves something there. */
export function useDemoHome() {
  let home: string;
  /** Fleets of the demo that are still there. Node's own cache may stay. */
  const left = async () => (await readdir(home)).filter((name) => name !== "node-compile-cache");

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "tf-"));
  });

  afterEach(async () => {
    const leftovers = await left();
    await rm(home, { recursive: true });
    expect(leftovers).toEqual([]);
  });

  return {
    left,
    demo: (...args: string[]) =>
      execa(process.execPath, [MAIN, ...args], { reject: false, env: { TMPDIR: home } }),
  };
}
