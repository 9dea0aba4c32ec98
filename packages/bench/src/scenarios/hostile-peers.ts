import { enrol } from "@tartfleet/agent/src/link/enrol.ts";
import { quantile } from "simple-statistics";
import { atMost, type Scenario } from "../frame/scenario.ts";
import type { HostileProcess } from "../hostile/hostile-main.ts";
import { requireAll } from "../load/require-all.ts";
import { startHelper } from "../processes/helper.ts";

const PER_SECOND = 50;
const SLOW = 50;

/**
 * Creates at a rate that waits for nobody, while for each hundred hosts one peer reads no answers and one asks as fast
 * as it can, and fifty send a request a byte at a time. Its twin is the same without them.
 */
export const hostilePeers: Scenario = {
  name: "hostile-peers",
  about: "creates while others do not read, flood or dawdle",
  figures: [
    { name: "p50", unit: "ms", aim: atMost("ratio", 2) },
    { name: "p99", unit: "ms", aim: atMost("ratio", 2) },
    { name: "cpu", unit: "us/call", aim: atMost("ratio", 2) },
    { name: "memory", unit: "MiB/bad socket", aim: atMost("value", 1) },
  ],
  restarts: true,
  async run({ scale, rounds, fleet: start }) {
    const fleet = await start();
    const { plane, load, agents, admin } = fleet;
    const each = Math.max(1, Math.round(scale.hosts / 100));
    const { token } = await admin.createToken({ role: "host-enrolment", name: "hostile", uses: "unlimited" });
    const credentials = await Promise.all(
      Array.from({ length: 2 * each }, async (_, index) => {
        const name = `hostile-${index}`;
        const enrolled = await enrol(plane.url, token, { name, machineId: `machine-${name}` }, {});
        if (!enrolled.ok) throw new Error(`${name} was not enrolled: ${enrolled.failure.message}`);
        return enrolled.value.credential;
      }),
    );
    const hostile = startHelper<HostileProcess>(new URL("../hostile/hostile-main.ts", import.meta.url));
    const seconds = Math.min(scale.seconds, (2 * scale.hosts) / PER_SECOND);
    const creates = async () => {
      const cpuBefore = plane.cpuSeconds();
      const { answered } = requireAll(await load.open(fleet.create, PER_SECOND, seconds));
      await fleet.calm();
      const lasted = answered.map(({ lastedMs }) => lastedMs);
      return {
        p50: quantile(lasted, 0.5),
        p99: quantile(lasted, 0.99),
        cpu: ((plane.cpuSeconds() - cpuBefore) * 1e6) / answered.length,
      };
    };
    await agents.setJobs(0);
    try {
      return await rounds(async () => {
        const without = await creates();
        const emptyMiB = plane.memoryMiB();
        await hostile.call.begin({ url: plane.url, credentials, deaf: each, flooding: each, slow: SLOW });
        const own = await creates();
        const grownMiB = Math.max(0, plane.memoryMiB() - emptyMiB);
        await hostile.call.end();
        return [
          ...(["p50", "p99", "cpu"] as const).map((figure) => ({
            figure,
            value: own[figure],
            baseline: without[figure],
          })),
          { figure: "memory", value: grownMiB / (2 * each + SLOW) },
        ];
      });
    } finally {
      await hostile.stop();
      await agents.takeTold();
    }
  },
};
