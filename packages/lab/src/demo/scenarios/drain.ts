import { until } from "../../fleet/until.ts";
import { stockedMac, type Scenario } from "./scenario.ts";

/** A Mac is taken out of service for an update, and comes back. */
export const drain: Scenario = {
  summary: "a Mac is drained for an update: what runs ends by itself, nothing new comes, and then it is back",
  fleet: { hosts: 2, sim: () => stockedMac },
  async play({ fleet, say, team, work }) {
    const ios = await team("ios");
    const before = await Promise.all([1, 2, 3].map((n) => work(ios, `before-${n}`, 5)));
    const placed = await Promise.all(before.map(({ ready }) => ready));
    const host = placed[0]?.host ?? "mac-1";
    say(`\n${host} is to be updated: it is drained. Its VMs work on.`);
    await fleet.api.drainHost(host, { reason: "macOS update", deadlineSeconds: 3600 });
    const meanwhile = await Promise.all([1, 2].map((n) => work(ios, `meanwhile-${n}`, 2)));
    const elsewhere = await Promise.all(meanwhile.map(({ ended }) => ended));
    const finished = await Promise.all(before.map(({ ended }) => ended));
    await until("the Mac to be empty", async () => (await fleet.api.host(host)).cordon?.drain?.isDone);
    say(`\n${host} is empty. After the update it is uncordoned.`);
    await fleet.api.uncordonHost(host);
    const after = await Promise.all([1, 2, 3, 4].map((n) => work(ios, `after-${n}`, 3)));
    const back = await Promise.all(after.map(({ ended }) => ended));
    return [
      {
        what: `What ran on ${host} ended by itself.`,
        holds: finished.every(({ end }) => end?.reason === "runner_exited"),
      },
      {
        what: `While ${host} was drained, nothing was placed there.`,
        holds: elsewhere.every((vm) => vm.host !== host && vm.end?.reason === "runner_exited"),
      },
      { what: `Uncordoned, ${host} has VMs again.`, holds: back.some((vm) => vm.host === host) },
    ];
  },
};
