import { expect } from "vitest";
import { need } from "../../src/conformance/bench.ts";
import { type SimBench } from "../support/sim-bench.ts";
import type { Scenes } from "./scenes.ts";

/** Faults that keep a VM from starting. */
export const startScenes = {
  "limit-exceeded": {
    async scene({ macVm, tart }) {
      const vm = await macVm();
      need(await tart(["run", "--no-graphics", vm]), 1, {
        stdout: "",
        stderr: "The number of VMs exceeds the system limit\n",
      });
    },
  },
  "slot-leak": {
    async scene({ host, macVm, run, untilAgentAnswers, tart }) {
      for (const name of [await macVm(), await macVm()]) {
        const one = await run(name);
        await untilAgentAnswers(name);
        one.kill("SIGINT");
        await one.ended;
      }
      const third = await macVm();
      need(await tart(["run", "--no-graphics", third]), 1, {
        stderr: "The number of VMs exceeds the system limit\n",
      });
      await host.killAll();
      await run(third);
      await untilAgentAnswers(third);
    },
  },
  "start-failure": {
    scene: (bench) =>
      startFails(bench, /^Error Domain=VZErrorDomain Code=1 "The virtual machine failed to start\."/),
  },
  "keychain-locked": { scene: (bench) => startFails(bench, /^Error Domain=VZErrorDomain Code=1 /) },
  "aux-storage-locked": {
    scene: (bench) =>
      startFails(bench, /^Error Domain=VZErrorDomain Code=2 "Failed to lock auxiliary storage\."/),
  },
  "restore-failure": {
    async scene({ macVm, run, untilAgentAnswers, tart, stateOf }) {
      const vm = await macVm();
      const running = await run(vm, ["--suspendable"]);
      await untilAgentAnswers(vm);
      need(await tart(["suspend", vm]), 0);
      need(await running.ended, 0);
      for (let count = 0; count < 2; count++)
        need(await tart(["run", "--no-graphics", vm]), 1, {
          stdout: "restoring VM state from a snapshot...\n",
          stderr: /^Error Domain=VZErrorDomain Code=12 .*failed to restore with error “invalid argument”/,
        });
      expect(await stateOf(vm)).toBe("suspended");
      need(await tart(["stop", vm]), 0);
      await run(vm);
    },
  },
  "softnet-missing": {
    async scene(bench) {
      await startFails(bench, 'Error: InitializationFailed(why: "softnet not found in PATH")\n', [
        "--net-softnet",
      ]);
      const plain = await bench.macVm();
      await bench.run(plain);
    },
  },
  "softnet-unprivileged": {
    scene: (bench) =>
      startFails(
        bench,
        'root privileges are required to run and passwordless sudo was not available\nRuntimeFailed(why: "Softnet process terminated prematurely")\n',
        ["--net-softnet-allow=0.0.0.0/0"],
      ),
  },
} satisfies Scenes;

async function startFails(
  { macVm, tart, stateOf }: SimBench,
  stderr: string | RegExp,
  flags: readonly string[] = [],
): Promise<void> {
  const vm = await macVm();
  need(await tart(["run", "--no-graphics", ...flags, vm]), 1, { stdout: "", stderr });
  expect(await stateOf(vm)).toBe("stopped");
}
