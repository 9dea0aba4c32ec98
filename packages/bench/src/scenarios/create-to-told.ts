import { quantile } from "simple-statistics";
import type { Told } from "../agents/agents-main.ts";
import type { Fleet } from "../fleet.ts";
import { atMost, type Sample, type Scale, type Scenario } from "../frame/scenario.ts";
import type { Calls } from "../load/load-main.ts";
import { overloadIn } from "../load/overload.ts";
import { requireAll } from "../load/require-all.ts";

const RATES = [100, 1000] as const;
/** Far longer than a life takes whose job is over at once. */
const LIFE_SECONDS = 20;
/** So much longer than other loads, where the slots suffice. */
const LONG = 6;
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
    { name: `not told once at ${rate}/s`, unit: "VMs", isCount: true, aim: atMost("value", 0) },
    { name: `cpu at ${rate}/s`, unit: "us/VM" },
  ]),
  async run({ scale, rounds, fleet: start }) {
    const fleet = await start();
    await fleet.agents.connectRaw(fleet.raw.url, scale.hosts);
    await fleet.agents.setJobs(0);
    return rounds(async () => {
      const samples: Sample[] = [];
      for (const rate of RATES) samples.push(...(await tellAt(rate, fleet, scale)));
      return samples;
    });
  },
};

async function tellAt(rate: (typeof RATES)[number], fleet: Fleet, scale: Scale): Promise<Sample[]> {
  const { plane, load, agents, raw } = fleet;
  const seconds = secondsAt(rate, scale);
  const twin = requireAll(await load.open(raw, rate, seconds));
  const twinMs = delays(twin, (await agents.takeTold()).told);
  const cpuBefore = plane.cpuSeconds();
  const own = requireAll(await load.open(fleet.create, rate, seconds));
  await fleet.calm();
  const cpu = ((plane.cpuSeconds() - cpuBefore) * 1e6) / own.answered.length;
  const { told, doubled } = await agents.takeTold();
  const ownMs = delays(own, told);
  const [p50, p99] = [quantile(ownMs, 0.5), quantile(ownMs, 0.99)];
  const invalid = overloadIn(own, twin);
  return [
    { figure: `p50 at ${rate}/s`, value: p50, invalid },
    { figure: `p99 at ${rate}/s`, value: p99, baseline: quantile(twinMs, 0.99), invalid },
    { figure: `p50 to raw at ${rate}/s`, value: p50, baseline: quantile(twinMs, 0.5), invalid },
    { figure: `not told once at ${rate}/s`, value: own.answered.length - ownMs.length + doubled },
    { figure: `cpu at ${rate}/s`, value: cpu },
  ];
}

/**
 * How long calls arrive: a minute at full scale. VMs end at once and give their slots back; where a slot has less than
 * `LIFE_SECONDS` for each, no more are asked for than there are slots: who waits for a slot is not waiting for us.
 */
function secondsAt(rate: number, { hosts, seconds }: Scale): number {
  const slotSeconds = (2 * hosts) / rate;
  return slotSeconds >= LIFE_SECONDS ? LONG * seconds : Math.min(seconds, slotSeconds);
}

/** How long each call took to reach an agent; those that did not are left out. */
function delays({ answered }: Calls, told: readonly Told[]): number[] {
  const times = new Map(told.map(({ vmId, at }) => [vmId, at]));
  return answered.flatMap(({ id, from }) => {
    const at = times.get(id ?? "");
    return at === undefined ? [] : [at - from];
  });
}
