import { quantile } from "simple-statistics";
import { atLeast, atMost, type Scenario } from "../frame/scenario.ts";
import { overloadIn } from "../load/overload.ts";
import { requireAll } from "../load/require-all.ts";

const CONNECTIONS = 64;

/**
 * `POST /v1/vms` from 64 connections: validated, authenticated, durable, and placed while there is room. Agents are
 * told, but do nothing yet. Its twin is node:http writing one row in grouped transactions.
 */
export const createCall: Scenario = {
  name: "create-call",
  about: `POST /v1/vms at ${CONNECTIONS} connections`,
  figures: [
    { name: "rate", unit: "calls/s", moreIsBetter: true, aim: atLeast("ratio", 0.4), growth: 0.2 },
    { name: "p99", unit: "ms", aim: atMost("value", 25), growth: 0.2 },
    { name: "cpu", unit: "us/call" },
  ],
  async run({ scale, rounds, fleet: start }) {
    const fleet = await start();
    const { plane, load, agents } = fleet;
    return rounds(async () => {
      const twin = requireAll(await load.closed(fleet.raw, CONNECTIONS, scale.calls));
      await agents.setJobs(0);
      await agents.setGate(false);
      const cpuBefore = plane.cpuSeconds();
      const own = requireAll(await load.closed(fleet.create, CONNECTIONS, scale.calls));
      const cpu = ((plane.cpuSeconds() - cpuBefore) * 1e6) / scale.calls;
      await agents.setGate(true);
      await fleet.calm();
      await agents.takeTold();
      const rate = ({ answered, seconds }: typeof own) => answered.length / seconds;
      const p99 = ({ answered }: typeof own) =>
        quantile(
          answered.map(({ lastedMs }) => lastedMs),
          0.99,
        );
      const invalid = overloadIn(own, twin);
      return [
        { figure: "rate", value: rate(own), baseline: rate(twin), invalid },
        { figure: "p99", value: p99(own), baseline: p99(twin), invalid },
        { figure: "cpu", value: cpu },
      ];
    });
  },
};
