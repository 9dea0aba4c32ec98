import { databaseIn } from "@tartfleet/control-plane/src/store/files.ts";
import { join } from "node:path";
import { atLeast, type Scenario } from "../frame/scenario.ts";
import { overloadIn } from "../load/overload.ts";
import { requireAll } from "../load/require-all.ts";
import { replayLives } from "../raw/replay.ts";

const CONNECTIONS = 64;

/**
 * VMs from their create to their end, as many at once as there are slots: placed, every report, ready, their end
 * announced from inside, stopped, deleted. Its twin writes the same lives step by step into a database like it.
 */
export const wholeLives: Scenario = {
  name: "whole-lives",
  about: "VMs from create to deleted, all of it durable",
  figures: [
    { name: "rate", unit: "VMs/s", moreIsBetter: true, aim: atLeast("ratio", 0.5), growth: 0.2 },
    { name: "cpu", unit: "us/VM", growth: 0.2 },
  ],
  async run({ scale, dir, rounds, fleet: start }) {
    const fleet = await start();
    const { plane, load, agents } = fleet;
    await agents.setJobs(0);
    return rounds(async (round) => {
      const since = Date.now();
      const cpuBefore = plane.cpuSeconds();
      const begunAt = performance.now();
      const calls = requireAll(await load.closed(fleet.create, CONNECTIONS, scale.calls));
      await fleet.calm();
      const seconds = (performance.now() - begunAt) / 1000;
      const cpu = ((plane.cpuSeconds() - cpuBefore) * 1e6) / scale.calls;
      const twin = replayLives(databaseIn(plane.dataDir), join(dir, `round-${round}.sqlite`), since);
      await agents.takeTold();
      return [
        { figure: "rate", value: scale.calls / seconds, baseline: twin, invalid: overloadIn(calls) },
        { figure: "cpu", value: cpu },
      ];
    });
  },
};
