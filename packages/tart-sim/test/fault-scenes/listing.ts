import { expect } from "vitest";
import { need } from "../../src/conformance/bench.ts";
import type { Scenes } from "./scenes.ts";

/** Faults of list, get and delete. */
export const listingScenes = {
  "list-raced": {
    async scene({ tart }) {
      need(await tart(["list", "--format", "json"]), 1, {
        stdout: "",
        stderr: "Error: The file “config.json” couldn’t be opened because there is no such file.\n",
      });
    },
  },
  "asif-blocked": {
    async scene({ tart, blankVm }) {
      const vm = await blankVm();
      for (const argv of [["list"], ["get", vm]])
        need(await tart(argv), 1, {
          stderr:
            /"image info --plist .*" failed with exit code 1: Error: .*Resource temporarily unavailable/,
        });
    },
  },
  "disk-null": {
    async scene({ list, blankVm }) {
      await blankVm();
      expect((await list())[0]).toMatchObject({ Disk: null, State: "stopped" });
    },
  },
  "extra-keys": {
    async scene({ list, blankVm }) {
      await blankVm();
      expect((await list())[0]).toHaveProperty("Labels");
    },
  },
  "size-as-string": {
    async scene({ list, blankVm }) {
      await blankVm();
      expect((await list())[0]?.["Size"]).toBe("0.000");
    },
  },
  "old-output": {
    async scene({ list, tart, blankVm }) {
      await blankVm();
      const [entry] = await list();
      expect(entry).toHaveProperty("SizeOnDisk");
      expect(entry).not.toHaveProperty("Accessed");
      need(await tart(["list"]), 0, { stdout: /^Source Name .*SizeOnDisk/ });
    },
  },
  "delete-says-running": {
    async scene({ tart, blankVm, stateOf }) {
      const vm = await blankVm();
      need(await tart(["delete", vm]), 1, { stderr: `VM "${vm}" is running\n` });
      expect(await stateOf(vm)).toBe("stopped");
    },
  },
} satisfies Scenes;
