import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { need, until } from "../../src/conformance/bench.ts";
import type { Fault } from "../../src/index.ts";
import { type SimBench } from "../support/sim-bench.ts";
import type { Scenes } from "./scenes.ts";

/** Faults of a VM that runs. */
export const guestScenes = {
  "no-ip": {
    async scene({ macVm, run, untilAgentAnswers, tart }) {
      const vm = await macVm();
      await run(vm);
      await untilAgentAnswers(vm);
      need(await tart(["ip", vm, "--wait", "60"]), 1, { stderr: "no IP address found\n" });
    },
  },
  "ip-late": {
    given: { ms: 600_000 },
    async scene({ macVm, run, tart }) {
      const vm = await macVm();
      const began = performance.now();
      await run(vm);
      need(await tart(["ip", vm, "--wait", "3600"]), 0);
      expect(performance.now() - began).toBeGreaterThan(600);
    },
  },
  "duplicate-ip": {
    async scene({ macVm, run, tart }) {
      const ips = [];
      for (const vm of [await macVm(), await macVm()]) {
        await run(vm);
        ips.push((await tart(["ip", vm, "--wait", "60"])).stdout);
      }
      expect(ips[0]).toMatch(/^127\./);
      expect(ips[1]).toBe(ips[0]);
    },
  },
  "sshd-never": {
    async scene({ macVm, run, untilAgentAnswers }) {
      const vm = await macVm();
      await run(vm);
      await untilAgentAnswers(vm);
    },
  },
  "agent-never": {
    async scene({ macVm, run, tart }) {
      const vm = await macVm();
      await run(vm);
      need(await tart(["ip", vm, "--wait", "60"]), 0);
      need(await tart(["exec", vm, "true"]), 1, { stderr: /is the Tart Guest Agent running\?\n$/ });
    },
  },
  "agent-slow": {
    given: { ms: 600_000 },
    async scene({ macVm, run, untilAgentAnswers }) {
      const vm = await macVm();
      const began = performance.now();
      await run(vm);
      await untilAgentAnswers(vm);
      expect(performance.now() - began).toBeGreaterThan(600);
    },
  },
  "agent-flaps": {
    given: { ms: 200_000 },
    async scene({ macVm, run, untilAgentAnswers, tart }) {
      const vm = await macVm();
      await run(vm);
      await untilAgentAnswers(vm);
      await until("the agent to go", async () => (await tart(["exec", vm, "true"])).code === 1);
      await untilAgentAnswers(vm);
    },
  },
  "guest-crash": {
    given: { ms: 1000 },
    scene: (bench) => runEnds(bench, /^guest has stopped the virtual machine due to error: /m),
  },
  "network-lost": {
    given: { ms: 1000 },
    scene: (bench) =>
      runEnds(bench, /^virtual machine's network attachment .* has been disconnected with error: /m),
  },
  "ignore-sigint": {
    async scene({ macVm, run, tart, stateOf }) {
      const vm = await macVm();
      const running = await run(vm);
      need(await tart(["stop", vm, "--timeout", "100"]), 0);
      expect((await running.ended).signal).toBe("SIGKILL");
      expect(await stateOf(vm)).toBe("stopped");
    },
  },
  "lock-lingers": {
    async scene({ tart, blankVm, run, stateOf, host }) {
      // Deaf to SIGINT, so that it is SIGKILL that ends the run.
      const lingering = (ms: number) =>
        host.setFaults([{ action: "ignore-sigint" }, { action: "lock-lingers", ms }]);
      lingering(1e9);
      const vm = await blankVm();
      const running = await run(vm);
      need(await tart(["stop", vm, "--timeout", "0"]), 0);
      await running.ended;
      expect(await stateOf(vm)).toBe("running");
      need(await tart(["delete", vm]), 2);
      lingering(500);
      const other = await blankVm();
      await run(other);
      need(await tart(["stop", other, "--timeout", "0"]), 0);
      await until("the lock to go", async () => (await stateOf(other)) === "stopped");
    },
  },
  "control-socket-dead": {
    given: { ms: 1000 },
    async scene({ macVm, run, tart, stateOf }) {
      const vm = await macVm();
      const running = await run(vm);
      await until("the line", () =>
        running.stderr().includes("Failed to run control socket: NIOFcntlFailedError()\n"),
      );
      need(await tart(["exec", vm, "true"]), 1, { stderr: /control socket/ });
      expect(await stateOf(vm)).toBe("running");
    },
  },
  "exec-grpc-error": {
    scene: (bench) =>
      execs(bench, (outcome) =>
        need(outcome, 1, { stdout: "", stderr: /^Failed to connect to the VM using its control socket: / }),
      ),
  },
  "exec-transport-error": {
    scene: (bench) =>
      execs(bench, (outcome) =>
        need(outcome, 1, { stdout: "done\n", stderr: /^Error: internal error \(13\): transport: / }),
      ),
  },
  "exec-output-loss": {
    given: { kib: 64 },
    scene: (bench) =>
      execs(
        bench,
        ({ code, stdout }) => {
          expect(code).toBe(0);
          expect(stdout.length).toBeLessThanOrEqual(64 * 1024);
        },
        ["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"],
      ),
  },
} satisfies Scenes;

async function runEnds({ macVm, tart, stateOf }: SimBench, stdout: RegExp): Promise<void> {
  const vm = await macVm();
  need(await tart(["run", "--no-graphics", vm]), 0, { stdout });
  expect(await stateOf(vm)).toBe("stopped");
}

async function execs(
  { macVm, run, host, tart, untilAgentAnswers }: SimBench,
  check: (outcome: Awaited<ReturnType<SimBench["tart"]>>) => void,
  argv = ["echo", "done"],
): Promise<void> {
  const faults: Fault[] = JSON.parse(readFileSync(join(host.hostDir, "faults.json"), "utf8"));
  host.setFaults([]);
  const vm = await macVm();
  await run(vm);
  await untilAgentAnswers(vm);
  host.setFaults(faults);
  check(await tart(["exec", vm, ...argv]));
}
