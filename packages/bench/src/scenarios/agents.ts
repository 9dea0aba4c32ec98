import { until } from "@tartfleet/lab/src/fleet/until.ts";
import { setTimeout as wait } from "node:timers/promises";
import { atMost, type Sample, type Scenario } from "../frame/scenario.ts";
import { startHelper } from "../processes/helper.ts";
import { cpuSeconds, memoryMiB } from "../processes/proc.ts";
import type { TrpcProcess } from "../raw/trpc-main.ts";

const PATIENCE_MS = 600_000;

/**
 * What an agent that only beats costs, and how long it takes until all are back after the control plane was killed.
 * Its twin is tRPC over a WebSocket as it comes, with a subscription and as many beats of a mutation that does nothing.
 */
export const agents: Scenario = {
  name: "agents",
  about: "connected and beating, and all back after a kill -9",
  figures: [
    { name: "memory", unit: "KiB/agent", aim: atMost("ratio", 2), growth: 0.2 },
    { name: "cpu", unit: "us/beat", aim: atMost("ratio", 2), growth: 0.2 },
    { name: "back", unit: "s", aim: atMost("value", 30), growth: 1.1 },
  ],
  restarts: true,
  async run({ scale, rounds, fleet: start }) {
    const fleet = await start();
    const { plane, emptyMiB } = fleet;
    const trpc = startHelper<TrpcProcess>(new URL("../raw/trpc-main.ts", import.meta.url));
    try {
      const trpcUrl = await trpc.call.start();
      const trpcEmptyMiB = memoryMiB(trpc.pid);
      await fleet.agents.connectTrpc(trpcUrl, scale.hosts);
      // Each has beaten by then.
      await wait(BEAT_SECONDS * 1000);
      const perAgent = (mib: number) => (Math.max(mib, 0.001) * 1024) / scale.hosts;
      const memory: Sample = {
        figure: "memory",
        value: perAgent(plane.memoryMiB() - emptyMiB),
        baseline: perAgent(memoryMiB(trpc.pid) - trpcEmptyMiB),
      };
      const samples = await rounds(async () => {
        const before = { own: plane.cpuSeconds(), trpc: cpuSeconds(trpc.pid) };
        await wait(scale.seconds * 1000);
        const beats = (scale.hosts * scale.seconds) / BEAT_SECONDS;
        // No finer than a process's time is counted.
        const perBeat = (seconds: number) => (Math.max(seconds, 0.01) * 1e6) / beats;
        const cpu: Sample = {
          figure: "cpu",
          value: perBeat(plane.cpuSeconds() - before.own),
          baseline: perBeat(cpuSeconds(trpc.pid) - before.trpc),
        };

        await plane.kill("SIGKILL");
        const killedAt = performance.now();
        await plane.start();
        const all = async () => (await fleet.agents.connected()) === scale.hosts;
        await until("all agents to be back", all, { deadlineMs: PATIENCE_MS });
        await fleet.calm();
        return [cpu, { figure: "back", value: (performance.now() - killedAt) / 1000 }];
      });
      return [memory, ...samples];
    } finally {
      await trpc.stop();
    }
  },
};

const BEAT_SECONDS = 5;
