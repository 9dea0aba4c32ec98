import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { need, until } from "../../src/conformance/bench.ts";
import type { Scenes } from "./scenes.ts";

/** Before it has a handler the signal would end it; where there is no /proc nobody can tell. */
async function takesSigint(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return caught === undefined || (BigInt(`0x${caught}`) & 2n) !== 0n;
}

/** Faults of the binary itself. */
export const anyCommandScenes = {
  "dyld-abort": {
    async scene({ tart }) {
      for (const argv of [["--version"], ["list"], ["run", "--no-graphics", "x"]])
        expect(await tart(argv)).toMatchObject({
          signal: "SIGABRT",
          stdout: "",
          stderr: expect.stringContaining("libswiftCompatibilitySpan"),
        });
    },
  },
  slow: {
    given: { ms: 300_000 },
    async scene({ tart }) {
      expect((await tart(["list"])).took).toBeGreaterThan(300);
    },
  },
  hang: {
    given: { match: { cmd: "list" } },
    async scene({ tart, startRun }) {
      const listing = startRun(["list"]);
      need(await tart(["get", "missing"]), 2);
      await until("the list to take SIGINT", () => takesSigint(listing.pid));
      listing.kill("SIGINT");
      need(await listing.ended, 1, { stdout: "" });
    },
  },
  hold: {
    given: { match: { cmd: "list" } },
    async scene({ tart, startRun, host }) {
      const listing = startRun(["list"]);
      need(await tart(["get", "missing"]), 2);
      host.setFaults([]);
      need(await listing.ended, 0);
    },
  },
  "gc-noise": {
    async scene({ tart }) {
      need(await tart(["list"]), 0, { stderr: /^Failed to perform garbage collection: / });
    },
  },
} satisfies Scenes;
