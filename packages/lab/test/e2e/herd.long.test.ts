import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { makeDoor, OPEN, type Door } from "../support/door.ts";
import { startHerd, type Herd } from "../support/herd.ts";
import { IMAGE } from "../support/lab.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

const AGENTS = 500;
const VMS = 100;

const lab = useLab({ hosts: 0 });
let door: Door;
let herd: Herd;
let vmIds: string[];

beforeAll(async () => {
  const { api, url } = lab.fleet;
  const { token } = await api.createToken({ role: "host-enrolment", name: "herd", uses: AGENTS });
  door = await makeDoor();
  herd = await startHerd(door.to(url()), token, AGENTS);
  await until("all agents to be connected", () => herd.connected() === AGENTS);
  vmIds = [];
  for (let made = 0; made < VMS; made += 1) vmIds.push((await api.createVm({ image: IMAGE })).id);
  // Half of them have come to be ready, half still boot.
  await until("every VM to be placed", () => assigned().length === VMS);
  for (const [index, { tie, vmId, attempt }] of assigned().entries()) {
    tie.link.put({ kind: "phase", vmId, attempt, phase: index % 2 === 0 ? "ready" : "booting" });
  }
  await until("the agents to be heard", async () =>
    (await states()).every((state) => !state.startsWith("assigned")),
  );
}, 300_000);

afterAll(async () => {
  const { api } = lab.fleet;
  for (const id of vmIds) await api.deleteVm(id);
  await until("every VM to be gone", async () => {
    for (const { tie, vmId, attempt, want } of assigned()) {
      if (want === "gone") tie.link.put({ kind: "gone", vmId, attempt });
    }
    return (await api.capacity()).slots.busy === 0;
  });
  await herd.stop();
  await door[Symbol.asyncDispose]();
});

/** What the agents were told to do. */
function assigned() {
  return herd.ties.flatMap((tie) =>
    (tie.set?.assignments ?? []).map(({ vmId, attempt, want }) => ({ tie, vmId, attempt, want })),
  );
}

async function states() {
  const vms = await lab.fleet.api.listVms({ limit: "500" });
  return vms.filter(({ id }) => vmIds.includes(id)).map(({ state, attempt }) => `${state} ${attempt}`);
}

/** How long calls take meanwhile that do not fail; stops when told to. */
function caller(): { stop(): Promise<number[]> } {
  const over = new AbortController();
  const took: number[] = [];
  const calling = (async () => {
    while (!over.signal.aborted) {
      const since = performance.now();
      const isAnswered = await lab.fleet.api.capacity().then(
        () => true,
        () => false,
      );
      if (isAnswered) took.push(performance.now() - since);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return took.sort((a, b) => a - b);
  })();
  return {
    stop() {
      over.abort();
      return calling;
    },
  };
}

test.each([
  { what: "the control plane was killed", act: () => lab.fleet.controlPlane.restart() },
  {
    what: "the control plane was stopped and started",
    async act() {
      expect(await lab.fleet.controlPlane.stop()).toBe("exit code 0");
      await lab.fleet.controlPlane.start();
    },
  },
  {
    what: "all connections were reset",
    async act() {
      door.reset();
      door.set(OPEN);
    },
  },
])(
  "after $what, 500 agents come back, no VM has lost its place, and calls are answered",
  async ({ what, act }) => {
    const before = await states();
    const sessions = herd.ties.map((tie) => tie.sessions);
    await act();
    const since = stopwatch(`after ${what}, ${AGENTS} agents`);
    const calls = caller();
    await until("all agents to be back", () =>
      herd.ties.every((tie, index) => tie.isOpen && tie.sessions > (sessions[index] ?? 0)),
    );
    since.tell("all are connected");
    const took = await calls.stop();
    const at = (part: number) => Math.round(took[Math.floor(took.length * part)] ?? 0);
    console.log(`${took.length} calls meanwhile: median ${at(0.5)} ms, p99 ${at(0.99)} ms`);
    expect(took.length).toBeGreaterThan(0);
    // Nobody came twice: each lost its connection once and was let in once.
    const returns = herd.ties.map((tie, index) => tie.sessions - (sessions[index] ?? 0));
    expect(Math.max(...returns)).toBe(1);
    expect(await states()).toEqual(before);
    expect((await lab.fleet.api.capacity()).slots).toMatchObject({ unreachable: 0, total: 2 * AGENTS });
  },
);
