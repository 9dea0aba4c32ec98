import type { VmRecord } from "@tartfleet/shared";
import { stockedMac, type Scenario } from "./scenario.ts";

const SECONDS = 4;

/** A team that asks for everything, one that is guaranteed its part, and one that just has its turn. */
export const fairness: Scenario = {
  summary: "one team floods the fleet; the others get their share, and releases come first",
  fleet: { hosts: 2, sim: () => stockedMac },
  async play({ fleet, say, team, work }) {
    await fleet.api.setTeam("release", { guaranteed: 2 });
    const [flood, release, web] = [await team("flood"), await team("release"), await team("web")];
    say("\nTeam flood asks for ten VMs. There are four slots, and nobody else wants them.");
    const flooding = await Promise.all(
      Array.from({ length: 10 }, (_, n) => work(flood, `flood-${n + 1}`, SECONDS)),
    );
    await Promise.all(flooding.slice(0, 4).map(({ ready }) => ready));
    const lent = (await fleet.api.team("flood")).held;
    say(
      "\nNow release, which is guaranteed two slots, asks for two, and web for two: one of them a release.",
    );
    const released = await Promise.all([1, 2].map((n) => work(release, `release-${n}`, SECONDS)));
    const batch = await work(web, "web-batch", SECONDS, { priority: "batch" });
    const urgent = await work(web, "web-release", SECONDS, { priority: "release" });

    const ends = async (workers: readonly { ended: Promise<VmRecord> }[]) =>
      Promise.all(workers.map(({ ended }) => ended));
    const [floods, releases, [webBatch, webUrgent]] = [
      await ends(flooding),
      await ends(released),
      await ends([batch, urgent]),
    ];
    const startOf = (vm: VmRecord | undefined) => Date.parse(vm?.assignedAt ?? "");
    const floodStarts = floods.map(startOf).sort((a, b) => a - b);
    const borrowed = floods.filter((vm) => startOf(vm) <= (floodStarts[3] ?? 0));
    const firstEnds = borrowed.map(({ endedAt }) => Date.parse(endedAt ?? "")).sort((a, b) => a - b);
    return [
      { what: "While nobody else waited, flood had all four slots.", holds: lent === 4 },
      {
        what: "The first two that came free went to release, within one VM's length.",
        holds:
          releases.every((vm) => startOf(vm) <= (firstEnds[3] ?? 0)) &&
          releases.every((vm) => startOf(vm) < (floodStarts[4] ?? 0)),
      },
      {
        what: "web had its turn before flood's remaining six had all had theirs.",
        holds: startOf(webBatch) < (floodStarts[9] ?? 0),
      },
      {
        what: "Inside web the release came before what was asked for earlier.",
        holds: startOf(webUrgent) <= startOf(webBatch),
      },
      {
        what: "Nobody's VM was ended for another's: each by its own runner's exit.",
        holds: [...floods, ...releases, webBatch, webUrgent].every(
          (vm) => vm?.end?.reason === "runner_exited",
        ),
      },
    ];
  },
};
