import type { VmRecord } from "@tartfleet/shared";
import { until } from "../../fleet/until.ts";
import { IMAGES, stockedMac, type Scenario } from "./scenario.ts";

const POOL = "ios";

/** How long somebody waited from the request to the runner's start; milliseconds. */
const waitOf = ({ createdAt, readyAt }: VmRecord): number =>
  readyAt === null ? Infinity : Date.parse(readyAt) - Date.parse(createdAt);

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** A VM that is booted before anybody asks for it waits for nobody, and is in nobody's way. */
export const warm: Scenario = {
  summary: "two VMs are kept booted: who asks for one has it at once, and who needs their slots gets those",
  fleet: { hosts: 2, sim: () => stockedMac },
  async play({ fleet, say, team, work }) {
    const ios = await team("ios");
    const { api } = fleet;
    const idle = (count: number) =>
      until(`${count} warm VMs`, async () => (await api.pool(POOL)).idle === count || undefined);

    say("\nNobody has thought ahead: a VM is booted when it is asked for.");
    const cold = await (await work(ios, "cold", 1)).ended;
    say(`  It took ${seconds(waitOf(cold))} until its runner was started.`);

    say("\nA pool keeps two VMs booted and checked, of no team and without a runner.");
    await api.setPool(POOL, { image: IMAGES[0], minIdle: 2, max: 2 });
    await idle(2);
    const seenBefore = await ios.listVms();
    const hits = await Promise.all([1, 2].map(async (n) => (await work(ios, `warm-${n}`, 3)).ready));
    say(`  They took ${hits.map((vm) => seconds(waitOf(vm))).join(" and ")}.`);
    const firsts = await Promise.all(hits.map(({ id }) => api.waitForVm(id, "ended")));
    await idle(2);

    say("\nFour VMs of another image need all slots: the warm VMs make room.");
    const others = await Promise.all(
      [1, 2, 3, 4].map((n) => work(ios, `other-${n}`, 3, { image: IMAGES[1] })),
    );
    const placed = await Promise.all(others.map(({ ready }) => ready));
    const during = await api.pool(POOL);
    say(`  While they work the pool has ${during.idle} warm VMs.`);
    const done = await Promise.all(others.map(({ ended }) => ended));
    await idle(2);
    say("\nThey have ended, and the pool has its VMs again. A Mac is drained: those on it leave.");
    const [host] = fleet.hosts;
    await api.drainHost(host?.name ?? "", { reason: "macOS update", deadlineSeconds: 3600 });
    await until("the Mac to be empty", async () => (await api.host(host?.name ?? "")).cordon?.drain?.isDone);

    const pool = await api.pool(POOL);
    say(`\nThe pool: ${pool.hits} hits, ${pool.misses} misses, ${pool.idleMinutes} minutes idle.`);
    await api.removePool(POOL);
    await until("no warm VMs", async () => (await api.listVms({ state: LIVE })).length === 0 || undefined);
    return [
      {
        what: "Both that asked while VMs were warm had a runner at once: in less than a third of a boot.",
        holds: hits.every((vm) => waitOf(vm) < waitOf(cold) / 3),
      },
      {
        what: "They were set up for their own jobs alone, which were done.",
        holds: [cold, ...firsts].every(({ end }) => end?.reason === "runner_exited"),
      },
      {
        what: "No team saw a VM in its list that it had not asked for.",
        holds: seenBefore.every(({ name }) => name === "cold"),
      },
      {
        what: "All four slots were given to those that needed them, and their jobs were done.",
        holds:
          new Set(placed.map((vm) => `${vm.host}/${vm.slot}`)).size === 4 &&
          during.idle === 0 &&
          done.every(({ end }) => end?.reason === "runner_exited"),
      },
      {
        what: "Hits and idle minutes were counted; the VMs of another image count for no pool.",
        holds: pool.hits === 2 && pool.misses === 0 && pool.idleMinutes > 0,
      },
    ];
  },
};

const LIVE = "queued,assigned,pulling,cloning,booting,provisioning,ready,draining,stopping";
