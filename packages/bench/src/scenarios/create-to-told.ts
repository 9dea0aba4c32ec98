import { quantile } from "simple-statistics";
import type { Told } from "../agents/agents-main.ts";
import { atMost, type Sample, type Scenario } from "../frame/scenario.ts";
import type { Calls } from "../load/load-main.ts";
import { requireAll } from "../load/require-all.ts";

const RATES = [100, 1000] as const;
const AIMS = { 100: { p50: 3, p99: 15 }, 1000: { p50: 10, p99: 50 } };

/**
 * From the moment at which a create was to be sent until an agent has it in its assignments, calls arriving at a rate
 * that waits for nobody, with all agents connected and beating. Its twin is node:http, one durable row and ws.
 */
export const createToTold: Scenario = {
  name: "create-to-told",
  about: `from a create to an agent that knows, at ${RATES.join("/s and ")}/s`,
  figures: RATES.flatMap((rate) => [
    { name: `p50 at ${rate}/s`, unit: "ms", aim: atMost("value", AIMS[rate].p50), growth: 0.2 },
    { name: `p99 at ${rate}/s`, unit: "ms", aim: atMost("value", AIMS[rate].p99), growth: 0.2 },
    { name: `p50 to raw at ${rate}/s`, unit: "ms", aim: atMost("ratio", 2) },
    { name: `not told once at ${rate}/s`, unit: "VMs", aim: atMost("value", 0) },
    { name: `load's cpu at ${rate}/s`, unit: "cores" },
  ]),
  async run({ scale, fleet: start }) {
    const fleet = await start();
    const { load, agents, raw } = fleet;
    const samples: Sample[] = [];
    await agents.connectRaw(raw.url, scale.hosts);
    await agents.setJobs(0);
    for (let round = 0; round < scale.rounds; round += 1) {
      for (const rate of RATES) {
        // No more at once than there are slots: who waits for one is not waiting for us.
        const seconds = Math.min(scale.seconds, (2 * scale.hosts) / rate);
        const twin = requireAll(await load.open(raw, rate, seconds));
        const twinMs = delays(twin, (await agents.takeTold()).told);
        const own = requireAll(await load.open(fleet.create, rate, seconds));
        await fleet.calm();
        const { told, doubled } = await agents.takeTold();
        const ownMs = delays(own, told);
        const [p50, p99] = [quantile(ownMs, 0.5), quantile(ownMs, 0.99)];
        samples.push(
          { figure: `p50 at ${rate}/s`, value: p50 },
          { figure: `p99 at ${rate}/s`, value: p99, baseline: quantile(twinMs, 0.99) },
          { figure: `p50 to raw at ${rate}/s`, value: p50, baseline: quantile(twinMs, 0.5) },
          { figure: `not told once at ${rate}/s`, value: own.answered.length - ownMs.length + doubled },
          { figure: `load's cpu at ${rate}/s`, value: own.cpu },
        );
      }
    }
    return samples;
  },
};

/** How long each call took to reach an agent; those that did not are left out. */
function delays({ answered }: Calls, told: readonly Told[]): number[] {
  const times = new Map(told.map(({ vmId, at }) => [vmId, at]));
  return answered.flatMap(({ id, from }) => {
    const at = times.get(id ?? "");
    return at === undefined ? [] : [at - from];
  });
}
