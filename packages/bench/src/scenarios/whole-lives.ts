import { databaseIn } from "@tartfleet/control-plane/src/store/files.ts";
import { join } from "node:path";
import { atLeast, type Sample, type Scenario } from "../frame/scenario.ts";
import { requireAll } from "../load/require-all.ts";
import { rewriteLives } from "../raw/rewrite.ts";

const CONNECTIONS = 64;

/**
 * VMs from their create to their end, as many at once as there are slots: placed, every report, ready, their end
 * announced from inside, stopped, deleted. Its twin writes the rows that are left of them into a database like it.
 */
export const wholeLives: Scenario = {
  name: "whole-lives",
  about: "VMs from create to deleted, all of it durable",
  figures: [
    { name: "rate", unit: "VMs/s", moreIsBetter: true, aim: atLeast("ratio", 0.5), growth: 0.2 },
    { name: "cpu", unit: "us/VM", growth: 0.2 },
  ],
  async run({ scale, dir, fleet: start }) {
    const fleet = await start();
    const { plane, load, agents } = fleet;
    const samples: Sample[] = [];
    await agents.setJobs(0);
    for (let round = 0; round < scale.rounds; round += 1) {
      const since = Date.now();
      const cpuBefore = plane.cpuSeconds();
      const begunAt = performance.now();
      const { answered } = requireAll(await load.closed(fleet.create, CONNECTIONS, scale.calls));
      await fleet.calm();
      const seconds = (performance.now() - begunAt) / 1000;
      const cpu = ((plane.cpuSeconds() - cpuBefore) * 1e6) / answered.length;
      const twin = rewriteLives(databaseIn(plane.dataDir), join(dir, `round-${round}.sqlite`), since);
      await agents.takeTold();
      samples.push(
        { figure: "rate", value: answered.length / seconds, baseline: twin },
        { figure: "cpu", value: cpu },
      );
    }
    return samples;
  },
};
