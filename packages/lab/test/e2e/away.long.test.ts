import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { CAST_MACS, LIVING, macLabel, makeCast, ONE_WHOLE_LIFE, type Living } from "../support/cast.ts";
import { makeDoor, OPEN, SHUT, type Door } from "../support/door.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

/** Stand in for those that are away. */
const SPARES = 3;
const doors: Door[] = [];
const castMacs = Array.from({ length: CAST_MACS }, (_, index) => `mac-${index + 1}`);

beforeAll(async () => {
  for (let index = 0; index < CAST_MACS; index += 1) doors.push(await makeDoor());
});

const lab = useLab({
  hosts: CAST_MACS + SPARES,
  speed: 20,
  controlPlane: {
    "heartbeat-seconds": 1,
    "lease-seconds": 5,
    "silent-grace-seconds": 10,
    "hook-grace-seconds": 3600,
  },
  agent: (index) => ({
    label: index < CAST_MACS ? macLabel(`mac-${index + 1}`) : macLabel(...castMacs),
    "orphan-grace-seconds": 2,
  }),
  agentUrl: (index, url) => doors[index]?.to(url) ?? url,
});

afterAll(async () => {
  for (const door of doors) await door[Symbol.asyncDispose]();
});

/** What was not ready is begun anew elsewhere; what may be at work is waited for. */
const BEGUN_ANEW: readonly Living[] = ["assigned", "pulling", "cloning", "booting", "provisioning"];
const rightEnds = Object.fromEntries(
  LIVING.map((state) => [
    state,
    BEGUN_ANEW.includes(state)
      ? { ...ONE_WHOLE_LIFE, attempt: 2, bootedAgain: expect.any(Boolean) }
      : ONE_WHOLE_LIFE,
  ]),
);

const agents = () => lab.fleet.hosts.slice(0, CAST_MACS).map(({ agent }) => agent);
const spares = () => lab.fleet.hosts.slice(CAST_MACS).map(({ agent }) => agent);
const signalAll = (signal: NodeJS.Signals) => {
  for (const { pid } of agents()) if (pid !== undefined) process.kill(pid, signal);
};

test.each([
  {
    what: "stopped (SIGSTOP) and continued",
    act: "stopped",
    leave: () => signalAll("SIGSTOP"),
    comeBack: () => signalAll("SIGCONT"),
  },
  {
    what: "cut off without a word",
    act: "cut",
    leave: () => doors.forEach((door) => door.set(SHUT)),
    comeBack: () => doors.forEach((door) => door.set(OPEN)),
  },
  {
    what: "reset and refused",
    act: "reset",
    leave: () => doors.forEach((door) => door.reset()),
    comeBack: () => doors.forEach((door) => door.set(OPEN)),
  },
])(
  "agents $what for longer than lease and grace, with a VM in every state: none is lost or doubled",
  async ({ what, act, leave, comeBack }) => {
    const { api } = lab.fleet;
    await Promise.all(spares().map((agent) => agent.stop()));
    await until("the spare hosts to be taken for silent", async () => {
      return (await api.hosts()).filter((host) => host.connected).length === CAST_MACS;
    });
    const cast = await makeCast(lab, act);
    leave();
    await Promise.all(spares().map((agent) => agent.start()));
    await Promise.all(
      ["queued" as const, ...BEGUN_ANEW].map((state) => api.waitForVm(cast.ids[state], "ended")),
    );
    for (const state of ["ready", "draining", "stopping"] as const) {
      const vm = await api.getVm(cast.ids[state]);
      expect(vm, state).toMatchObject({ state, attempt: 1 });
      expect(vm.unreachableSince, state).not.toBeNull();
    }
    comeBack();
    const since = stopwatch(`after agents were ${what}`);
    await cast.letGo();
    await until("all hosts to be back", async () => (await api.hosts()).every((host) => host.connected));
    since.tell("all hosts are connected");
    const outcomes = await cast.outcomes();
    since.tell("all VMs have ended");
    expect(outcomes).toMatchObject(rightEnds);
    await until("every slot to be free", async () => {
      const { slots } = await api.capacity();
      return slots.free === slots.total;
    });
    since.tell("every slot is free");
  },
);
