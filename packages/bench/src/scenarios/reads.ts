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
    { name: `${name} cpu`, unit: "us/call" },
    { name: `${name} p50 with a past`, unit: "ms", aim: atMost("ratio", 1.5) },
  ]),
  restarts: true,
  async run({ scale, rounds, fleet: start }) {
    const fleet = await start();
    const { plane } = fleet;
    const without = new Map<string, number[]>();
    const ask = async (name: (typeof NAMES)[number]) => {
      const cpuBefore = plane.cpuSeconds();
      const calls = requireAll(await fleet.load.open(fleet.get(READS[name]), PER_SECOND, scale.seconds));
      const ms = calls.answered.map(({ lastedMs }) => lastedMs);
      return { ms, cpu: ((plane.cpuSeconds() - cpuBefore) * 1e6) / ms.length };
    };
    const fresh = await rounds(async () => {
      const samples: Sample[] = [];
      for (const name of NAMES) {
        const { ms, cpu } = await ask(name);
        without.set(name, [...(without.get(name) ?? []), ...ms]);
        samples.push(
          { figure: `${name} p50`, value: quantile(ms, 0.5) },
          { figure: `${name} p99`, value: quantile(ms, 0.99) },
          { figure: `${name} cpu`, value: cpu },
        );
      }
      return samples;
    });
    await restartWithPast(fleet, scale.past);
    const old = await rounds(async () => {
      const samples: Sample[] = [];
      for (const name of NAMES) {
        const baseline = quantile(without.get(name) ?? [], 0.5);
        const { ms } = await ask(name);
        samples.push({ figure: `${name} p50 with a past`, value: quantile(ms, 0.5), baseline });
      }
      return samples;
    });
    return [...fresh, ...old];
  },
};
