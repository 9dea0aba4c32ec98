import { expect } from "vitest";
import { need, until } from "../../src/conformance/bench.ts";
import { linux, mac } from "../support/sim-bench.ts";
import type { Scenes } from "./scenes.ts";

/** Faults of pull and clone. */
export const registryScenes = {
  "network-loss": {
    given: { percent: 40 },
    async scene({ tart }) {
      const pulled = await tart(["pull", linux]);
      need(pulled, 1, { stderr: "Error: The network connection was lost.\n" });
      expect(pulled.stdout).toContain(
        'Error pulling disk layer 7: "The network connection was lost.", attempting to re-try...\n',
      );
      expect(pulled.stdout).toContain(
        'Error pulling image: "The network connection was lost.", attempting to re-try...\n',
      );
      expect(pulled.stdout).not.toContain("41%");
    },
  },
  "http-status": {
    given: { code: 503 },
    async scene({ tart, host }) {
      need(await tart(["pull", linux]), 1, {
        stderr: /^Error: UnexpectedHTTPStatusCode\(when: "pulling blob", code: 503, /,
      });
      for (const [code, text] of [
        [401, /code: 401/],
        [403, /AuthFailed.*403/],
        [404, /"pulling manifest", code: 404/],
        [429, /code: 429/],
      ] as const) {
        host.setFaults([{ action: "http-status", code }]);
        need(await tart(["clone", linux, "vm"]), 1, { stderr: text });
      }
    },
  },
  stall: {
    given: { percent: 30 },
    async scene({ startRun }) {
      const pull = startRun(["pull", linux]);
      await until("30 %", () => pull.stdout().includes("\n30%\n"));
      pull.kill("SIGKILL");
      expect((await pull.ended).stdout).not.toContain("31%");
    },
  },
  "stuck-at-lock": {
    async scene({ startRun }) {
      const pull = startRun(["pull", linux]);
      await until("the wait", () => pull.stdout().endsWith("waiting for lock...\n"));
      pull.kill("SIGKILL");
      await pull.ended;
    },
  },
  "keychain-credentials": {
    async scene({ tart }) {
      need(await tart(["pull", "registry.example.com/test/closed:1"]), 1, {
        stdout: /Keychain returned unsuccessful status -25308/,
      });
    },
  },
  "disk-full": {
    async scene({ tart }) {
      expect(await tart(["pull", linux])).toMatchObject({
        signal: "SIGABRT",
        stderr: expect.stringContaining("No space left on device"),
      });
      need(await tart(["clone", mac, "vm"]), 1, { stderr: /No space left on device/ });
      expect((await tart(["get", "vm"])).code).toBe(2);
    },
  },
  "auto-prune": {
    given: { image: "test/mac" },
    async scene({ tart }) {
      need(await tart(["pull", linux]), 0);
      need(await tart(["fqn", mac]), 1, {
        stderr: `OCI storage error: ${mac} is not a digest and doesn't point to a digest\n`,
      });
    },
  },
  "clone-refuses-existing": {
    async scene({ tart, blankVm }) {
      const vm = await blankVm();
      need(await tart(["clone", mac, vm]), 64, {
        stderr: new RegExp(`^Error: VM "${vm}" already exists, use --overwrite to replace it\n`),
      });
    },
  },
} satisfies Scenes;
