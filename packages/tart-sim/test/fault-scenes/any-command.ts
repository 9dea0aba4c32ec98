import { expect } from "vitest";
import { need } from "../../src/conformance/bench.ts";
import type { Scenes } from "./scenes.ts";

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
