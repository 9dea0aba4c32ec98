import { until } from "@tartfleet/lab/src/fleet/until.ts";
import { quantile } from "simple-statistics";
import { atMost, type Scenario } from "../frame/scenario.ts";
import { requireAll } from "../load/require-all.ts";

const CONNECTIONS = 256;
const PER_SECOND = 20;

/**
 * As many creates at once as there are slots, on an empty fleet: until the last agent knows of its VMs, and how other
 * calls fare meanwhile. Its twin writes as many rows and tells as many sockets.
 */
export const burst: Scenario = {
  name: "burst",
  about: "as many creates at once as there are slots",
  figures: [
    { name: "last told", unit: "s", aim: atMost("value", 20), growth: 1.1 },
    { name: "others' p99", unit: "ms", aim: atMost("value", 250), growth: 0.2 },
    { name: "cpu", unit: "us/VM" },
  ],
  async run({ scale, rounds, fleet: start }) {
    const fleet = await start();
    const { plane, load, others, agents, raw } = fleet;
    const slots = 2 * scale.hosts;
    await agents.setJobs(0);
    await agents.connectRaw(raw.url, 1);
    await agents.takeTold();
    return rounds(async () => {
      const twin = await tellAll(raw);
      await agents.setGate(false);
      const cpuBefore = plane.cpuSeconds();
      const meanwhile = others.open(fleet.get("/v1/vms?limit=1"), PER_SECOND, scale.seconds);
      const own = await tellAll(fleet.create);
      const cpu = ((plane.cpuSeconds() - cpuBefore) * 1e6) / slots;
      const { answered } = requireAll(await meanwhile);
      await agents.setGate(true);
      await fleet.calm();
      const lasted = answered.map(({ lastedMs }) => lastedMs);
      return [
        { figure: "last told", value: own, baseline: twin },
        { figure: "others' p99", value: quantile(lasted, 0.99) },
        { figure: "cpu", value: cpu },
      ];
    });

    /** @returns seconds from the first call until the last agent was told */
    async function tellAll(target: typeof raw): Promise<number> {
      const { answered } = requireAll(await load.closed(target, CONNECTIONS, slots));
      const times = new Map<string, number>();
      await until("every agent to be told", async () => {
        for (const { vmId, at } of (await agents.takeTold()).told) times.set(vmId, at);
        return times.size >= slots;
      });
      const first = Math.min(...answered.map(({ from }) => from));
      return (Math.max(...times.values()) - first) / 1000;
    }
  },
};
