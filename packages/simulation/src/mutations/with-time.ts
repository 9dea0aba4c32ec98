import type { Job, Plan, PlannedAction } from "../plan/plan.ts";
import { atAgentsDoor, inStore, inUseCases, type Mutation } from "./plant.ts";

const MINUTE = 60_000;

const job = (n: number, changes: Partial<Job>): PlannedAction => ({
  at: 5000 + n,
  action: {
    kind: "create",
    job: {
      n,
      os: "macos",
      runner: "github",
      ttlSeconds: 7200,
      mode: "good",
      idleMs: 1000,
      jobMs: 9 * MINUTE,
      ...changes,
    },
  },
});

/** Somebody waits while the control plane is down for longer than he is ready to. */
const DOWN: Plan = {
  hosts: 1,
  calmAt: 15 * MINUTE,
  actions: [
    job(1, {}),
    job(2, {}),
    job(3, { queueTimeoutSeconds: 180 }),
    {
      at: MINUTE,
      action: { kind: "crash", who: "control-plane", point: null, downMs: 5 * MINUTE, isReset: true },
    },
  ],
};

const IDLE: Plan = {
  hosts: 1,
  calmAt: 25 * MINUTE,
  actions: [job(1, { noJobSeconds: 30, idleMs: 600 * MINUTE }), job(2, { runner: "script", jobMs: 1000 })],
};

/** Time that counts though it must not, and runners to which no job comes. */
export const WITH_TIME: readonly Mutation[] = [
  {
    ...inStore("time in which the control plane was down counts for those who wait", (store) => ({
      async beginAt(now) {
        await store.noteTime(now);
        return store.beginAt(now);
      },
    })),
    plan: DOWN,
  },
  {
    ...atAgentsDoor("a guest is not told how long its runner may wait for a job", (agent) => ({
      async bootstrap(host, epoch, attempt) {
        const { noJobSeconds: _, ...bootstrap } = await agent.bootstrap(host, epoch, attempt);
        return bootstrap;
      },
    })),
    plan: IDLE,
  },
  {
    ...inUseCases("a runner that exits is taken for one to which no job came", (useCases) => ({
      endVm: (caller, id, query) => useCases.endVm(caller, id, { ...query, cause: "no_job" }),
    })),
    plan: IDLE,
  },
];
