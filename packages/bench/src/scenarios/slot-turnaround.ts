import { quantile } from "simple-statistics";
import { atMost, type Sample, type Scenario } from "../frame/scenario.ts";
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
  ],
  async run({ scale, fleet: start }) {
    const fleet = await start();
    const { load, agents, raw } = fleet;
    const slots = 2 * scale.hosts;
    const samples: Sample[] = [];
    await agents.connectRaw(raw.url, 1);
    for (let round = 0; round < scale.rounds; round += 1) {
      const twin = await agents.echoRaw(100);
      await agents.takeTurnarounds();
      // So long that of all slots together as many become free a second.
      await agents.setJobs((slots / PER_SECOND) * 1000);
      requireAll(await load.closed(fleet.create, CONNECTIONS, slots + Math.ceil(PER_SECOND * scale.seconds)));
      await fleet.calm();
      const own = await agents.takeTurnarounds();
      samples.push(
        { figure: "p50", value: quantile(own, 0.5), baseline: quantile(twin, 0.5) },
        { figure: "p99", value: quantile(own, 0.99), baseline: quantile(twin, 0.99) },
      );
    }
    await agents.takeTold();
    return samples;
  },
};
