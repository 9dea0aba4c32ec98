import { afterAll, expect, test } from "vitest";
import { atWork, githubVm, giveUpSoon, inState, letGo, UNTIL_LET_GO } from "../support/lab.ts";
import { makeDoor, OPEN, SHUT } from "../support/door.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

/** Every guest goes through it; agents do not. */
const door = await makeDoor();

const lab = useLab({
  hosts: 2,
  speed: 20,
  controlPlane: { "public-url": door.url },
  agentUrl: (_index, url) => {
    door.to(url);
    return url;
  },
});

afterAll(() => door[Symbol.asyncDispose]());

test.each([
  { how: "silently", act: "silent", cut: () => door.set(SHUT) },
  { how: "by resets", act: "reset", cut: () => door.reset() },
])(
  "guests cut off $how: results arrive, ends are announced late, and who is never heard powers itself off",
  async ({ how, act, cut }) => {
    const { api } = lab.fleet;
    const create = (name: string, script?: string) =>
      api.createVm(githubVm(lab.github, `${act}-${name}`, script === undefined ? {} : { script }));
    const [works, hopeless] = await Promise.all([
      create("works", UNTIL_LET_GO).then(({ id }) => atWork(lab.fleet, id)),
      create("hopeless", UNTIL_LET_GO).then(({ id }) => atWork(lab.fleet, id)),
    ]);
    const boots = await create("boots");
    await inState(lab.fleet, boots.id, "booting");
    cut();

    await giveUpSoon(lab.fleet, hopeless);
    for (const vm of [works, hopeless]) await letGo(lab.fleet, vm);
    expect((await api.waitForVm(hopeless.id, "ended")).end?.reason).toBe("guest_shutdown");
    for (const name of ["works", "hopeless", "boots"]) {
      expect(await lab.github.settled(`${act}-${name}`), name).toMatchObject({
        result: "delivered",
        conclusion: "success",
      });
    }
    for (const { id } of [works, boots]) expect((await api.getVm(id)).end).toBeNull();

    door.set(OPEN);
    const since = stopwatch(`after guests were cut off ${how}`);
    for (const { id } of [works, boots]) {
      expect(await api.waitForVm(id, "ended")).toMatchObject({
        attempt: 1,
        end: { reason: "runner_exited" },
      });
    }
    since.tell("the ends of all VMs were heard and they are gone");
  },
);
