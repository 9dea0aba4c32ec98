import { quantile } from "simple-statistics";
import { atMost, type Scenario } from "../frame/scenario.ts";
import { requireAll } from "../load/require-all.ts";

const CONNECTIONS = 64;
const PER_SECOND = 25;

/**
 * With a queue that is never empty: from an instance that an agent has deleted until the same agent is told of the
 * next VM, so with the report's way there. Its twin is a message to and fro on a bare WebSocket.
 */
export const slotTurnaround: Scenario = {
  name: "slot-turnaround",
  about: `from an instance that is gone to the next assignment, ${PER_SECOND} a second`,
  figures: [
    { name: "p50", unit: "ms", growth: 0.2 },
    { name: "p99", unit: "ms", aim: atMost("value", 5), growth: 0.2 },
    { name: "cpu", unit: "us/VM" },
  ],
  async run({ scale, rounds, fleet: start }) {
    const fleet = await start();
    const { plane, load, agents, raw } = fleet;
    const slots = 2 * scale.hosts;
    const calls = slots + Math.ceil(PER_SECOND * scale.seconds);
    await agents.connectRaw(raw.url, 1);
    return rounds(async () => {
      const twin = await agents.echoRaw(100);
      await agents.takeTurnarounds();
      // So long that of all slots together as many become free a second.
      await agents.setJobs((slots / PER_SECOND) * 1000);
      const cpuBefore = plane.cpuSeconds();
      requireAll(await load.closed(fleet.create, CONNECTIONS, calls));
      await fleet.calm();
      const cpu = ((plane.cpuSeconds() - cpuBefore) * 1e6) / calls;
      const own = await agents.takeTurnarounds();
      await agents.takeTold();
      return [
        { figure: "p50", value: quantile(own, 0.5), baseline: quantile(twin, 0.5) },
        { figure: "p99", value: quantile(own, 0.99), baseline: quantile(twin, 0.99) },
        { figure: "cpu", value: cpu },
      ];
    });
  },
};
