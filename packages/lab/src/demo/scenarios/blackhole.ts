import { until } from "../../fleet/until.ts";
import { IMAGES, stockedMac, type Scenario } from "./scenario.ts";

const REST_SECONDS = 8;

/** A Mac on which nothing starts is always free: without a breaker it would get one job after the other. */
export const blackhole: Scenario = {
  summary: "a Mac fails job after job: it is cordoned with the reason, and let in again when it is sound",
  fleet: { hosts: 3, sim: () => stockedMac, controlPlane: { "breaker-rest-seconds": REST_SECONDS } },
  async play({ fleet, say, team, work }) {
    const ios = await team("ios");
    const bad = fleet.hosts[0];
    if (!bad?.sim) throw new Error("there is no simulated Mac");
    const { name, sim } = bad;
    const ask = (what: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, n) =>
          work(ios, `${what}-${n + 1}`, 2, { image: IMAGES[n % IMAGES.length] ?? IMAGES[0] }),
        ),
      );
    say("\nAn ordinary morning: both images run on every Mac.");
    await Promise.all((await ask("before", 6)).map(({ ended }) => ended));
    say(`\n${name} is broken: no VM starts there any more.`);
    sim.setFaults([{ action: "start-failure" }]);
    const jobs = await ask("job", 8);
    const done = await Promise.all(jobs.map(({ ended }) => ended));
    const { cordon } = await fleet.api.host(name);
    say(`\n${name}: ${cordon ? `cordoned by ${cordon.by}: ${cordon.reason}` : "not cordoned"}`);
    say(`\n${name} is mended. After its rest one VM tries it.`);
    sim.setFaults([]);
    await until("the rest to be over", async () => (await fleet.api.host(name)).cordon?.breaker?.isProbing);
    const more = await ask("more", 6);
    await until("it to be open again", async () => (await fleet.api.host(name)).cordon === null);
    const last = await Promise.all(more.map(({ ended }) => ended));
    return [
      {
        what: "Every job was done all the same.",
        holds: [...done, ...last].every(({ end }) => end?.reason === "runner_exited"),
      },
      {
        what: `${name} was cordoned by the control plane, with the reason.`,
        holds: cordon?.breaker != null && cordon.reason.includes("start_failed"),
      },
      {
        what: "No more than four attempts were lost there.",
        holds: done.reduce((sum, { attempt }) => sum + attempt - 1, 0) <= 4,
      },
      {
        what: `Mended, ${name} was tried with one VM and has VMs again.`,
        holds: last.some((vm) => vm.host === name),
      },
    ];
  },
};
