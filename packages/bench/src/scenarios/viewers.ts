import type { Board } from "@tartfleet/shared";
import { atMost, type Sample, type Scenario } from "../frame/scenario.ts";
import { startHelper } from "../processes/helper.ts";
import { cpuSeconds } from "../processes/proc.ts";
import type { RawProcess } from "../raw/raw-main.ts";
import type { ViewersProcess } from "../viewers/viewers-main.ts";

const VIEWERS = [1, 20, 200] as const;
const MOST = 200;
const HOSTS = 10;
/** The board is told of twice a second, so there are as many changes in a scale's time. */
const PER_SECOND = 2;
/** The twin takes so little that it is measured over more. */
const RAW_TIMES = 20;

/**
 * Ten hosts change at once, and everybody who looks at the board is told: the processor time of one such change, by
 * how many look. Its twin is one JSON.stringify of the same message, and one ws.send to each of as many sockets.
 */
export const viewers: Scenario = {
  name: "viewers",
  about: `a change on the board, told to ${VIEWERS.join(", ")} viewers`,
  figures: [
    ...VIEWERS.map((count) => ({ name: `cpu for ${count}`, unit: "us/change" })),
    { name: "cpu", unit: "us/viewer", aim: atMost("ratio", 2), growth: 0.2 },
  ],
  restarts: true,
  async run({ scale, dir, rounds, fleet: start }) {
    const fleet = await start();
    const { plane, admin } = fleet;
    const { token } = await admin.createToken({ role: "viewer", name: "viewers" });
    const names = (await admin.hosts()).slice(0, HOSTS).map(({ name }) => name);
    const looking = startHelper<ViewersProcess>(new URL("../viewers/viewers-main.ts", import.meta.url));
    const raw = startHelper<RawProcess>(new URL("../raw/raw-main.ts", import.meta.url));
    let isDrained = false;

    async function change(count: number): Promise<void> {
      const allTold = looking.call.told(count);
      await Promise.all(
        names.map((name) =>
          isDrained ? admin.uncordonHost(name) : admin.drainHost(name, { reason: "bench" }),
        ),
      );
      isDrained = !isDrained;
      await allTold;
    }

    /** Processor time of one change, in microseconds. */
    async function cost(count: number): Promise<number> {
      await looking.call.watch(plane.url, token, count);
      const changes = Math.max(2, PER_SECOND * scale.seconds);
      const before = plane.cpuSeconds();
      for (let turn = 0; turn < changes; turn += 1) await change(count);
      const cpu = ((plane.cpuSeconds() - before) * 1e6) / changes;
      await looking.call.leave();
      return cpu;
    }

    async function rawCost(url: string): Promise<number> {
      const board = await messageLike(names.length);
      await looking.call.connectRaw(url, MOST);
      const times = RAW_TIMES * PER_SECOND * Math.ceil(scale.seconds);
      const before = cpuSeconds(raw.pid);
      const allTold = looking.call.told(MOST * times);
      await raw.call.tellAll(board, times);
      await allTold;
      const cpu = ((cpuSeconds(raw.pid) - before) * 1e6) / times;
      await looking.call.leave();
      return cpu;
    }

    async function messageLike(hosts: number): Promise<Board> {
      const response = await fetch(`${plane.url}/v1/fleet/board`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const board: Board = JSON.parse(await response.text());
      return { ...board, whole: false, hosts: board.hosts.slice(0, hosts) };
    }

    try {
      const url = await raw.call.start(`${dir}/viewers.sqlite`);
      const samples = await rounds(async () => {
        const costs = new Map<number, number>();
        for (const count of VIEWERS) costs.set(count, await cost(count));
        const more = (costs.get(MOST) ?? 0) - (costs.get(1) ?? 0);
        // No finer than a process's time is counted.
        const atLeast = (us: number) => Math.max(us, 0.1);
        return [
          ...[...costs].map(([count, value]): Sample => ({ figure: `cpu for ${count}`, value })),
          {
            figure: "cpu",
            value: atLeast(more / (MOST - 1)),
            baseline: atLeast((await rawCost(url)) / MOST),
          },
        ];
      });
      if (isDrained) for (const name of names) await admin.uncordonHost(name);
      return samples;
    } finally {
      await Promise.all([looking.stop(), raw.stop()]);
    }
  },
};
