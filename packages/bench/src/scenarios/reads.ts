import { quantile } from "simple-statistics";
import { atMost, type Figure, type Sample, type Scenario } from "../frame/scenario.ts";
import { requireAll } from "../load/require-all.ts";
import { restartWithPast } from "../raw/past.ts";

const READS = {
  capacity: "/v1/fleet/capacity",
  list: "/v1/vms?limit=50",
  hosts: "/v1/hosts",
  metrics: "/metrics",
} as const;
const NAMES = ["capacity", "list", "hosts", "metrics"] as const;
const PER_SECOND = 20;

/** Reads at a rate that waits for nobody, on a fleet without a past and with a hundred VMs that have ended for each host. */
export const reads: Scenario = {
  name: "reads",
  about: "with and without a past of many VMs",
  figures: NAMES.flatMap((name): Figure[] => [
    { name: `${name} p50`, unit: "ms", growth: 1.1 },
    { name: `${name} p99`, unit: "ms", aim: atMost("value", 10), growth: 1.1 },
    { name: `${name} p50 with a past`, unit: "ms", aim: atMost("ratio", 1.5) },
  ]),
  restarts: true,
  async run({ scale, fleet: start }) {
    const fleet = await start();
    const samples: Sample[] = [];
    const without = new Map<string, number[]>();
    const ask = async (name: (typeof NAMES)[number]): Promise<number[]> => {
      const calls = requireAll(await fleet.load.open(fleet.get(READS[name]), PER_SECOND, scale.seconds));
      return calls.answered.map(({ lastedMs }) => lastedMs);
    };
    for (let round = 0; round < scale.rounds; round += 1) {
      for (const name of NAMES) {
        const ms = await ask(name);
        without.set(name, [...(without.get(name) ?? []), ...ms]);
        samples.push(
          { figure: `${name} p50`, value: quantile(ms, 0.5) },
          { figure: `${name} p99`, value: quantile(ms, 0.99) },
        );
      }
    }
    await restartWithPast(fleet, scale.past);
    for (let round = 0; round < scale.rounds; round += 1) {
      for (const name of NAMES) {
        const baseline = quantile(without.get(name) ?? [], 0.5);
        samples.push({ figure: `${name} p50 with a past`, value: quantile(await ask(name), 0.5), baseline });
      }
    }
    return samples;
  },
};
