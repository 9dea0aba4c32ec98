import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { atMost, type Scenario } from "../frame/scenario.ts";
import { makePlane } from "../processes/plane.ts";
import { restartWithPast } from "../raw/past.ts";

/**
 * From the start of the process until it is ready: with a hundred VMs that have ended for each host, up to 1,000,000.
 * Its twin is a control plane that starts for the first time.
 */
export const start: Scenario = {
  name: "start",
  about: "of a control plane with many VMs that have ended",
  figures: [{ name: "ready", unit: "ms", aim: atMost("value", 2000), growth: 0.2 }],
  restarts: true,
  async run({ scale, dir, rounds, fleet: begin }) {
    const fleet = await begin();
    const { plane } = fleet;
    await fleet.agents.setJobs(0);
    let value = await restartWithPast(fleet, scale.past);
    return rounds(async (round) => {
      const firstDir = join(dir, String(round));
      await mkdir(firstDir);
      const first = makePlane({ dir: firstDir });
      const baseline = await first.start();
      await first.kill("SIGTERM");
      if (round > 0) {
        await plane.kill("SIGTERM");
        value = await plane.start();
        await fleet.calm();
      }
      return [{ figure: "ready", value, baseline }];
    });
  },
};
