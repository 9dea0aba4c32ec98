import type { Job, Plan, PlannedAction } from "../plan/plan.ts";
import { inStore, inUseCases, type Mutation } from "./plant.ts";

const MINUTE = 60_000;

const job = (n: number): PlannedAction => ({
  at: 5000 + n,
  action: { kind: "create", job: JOB(n) },
});

const JOB = (n: number): Job => ({
  n,
  os: "macos",
  runner: "github",
  ttlSeconds: 3600,
  mode: "good",
  idleMs: 1000,
  jobMs: 8 * MINUTE,
});

/** A host with work to do is drained, and nobody wants its VMs ended. */
const DRAINED: Plan = {
  hosts: 1,
  calmAt: 15 * MINUTE,
  actions: [
    job(1),
    job(2),
    {
      at: 2 * MINUTE,
      action: { kind: "drain", host: 1, deadlineMs: MINUTE, endVms: false, ms: 6 * MINUTE },
    },
  ],
};

const takenOut = (force: boolean): Plan => ({
  hosts: 2,
  calmAt: 15 * MINUTE,
  actions: [
    ...[1, 2, 3, 4].map(job),
    { at: 2 * MINUTE, action: { kind: "remove_host", host: 1, force, awayMs: 4 * MINUTE } },
  ],
});

/** What becomes of hosts that a person drains, or takes out of the fleet. */
export const AT_THE_HOSTS: readonly Mutation[] = [
  {
    ...inUseCases("a drain ends what is left though nobody asked for that", (useCases) => ({
      drainHost: (caller, name, wanted) => useCases.drainHost(caller, name, { ...wanted, endVms: true }),
    })),
    plan: DRAINED,
  },
  {
    ...inStore("of a drain that is overdue nobody is told", (store) => ({
      cordons: () =>
        store.cordons().map(({ cordon, ...host }) => ({ ...host, cordon: { ...cordon, drain: null } })),
    })),
    plan: DRAINED,
  },
  {
    ...inStore("a host is taken out of the fleet with its VMs though nobody forced it", (store) => ({
      removeHost: (name, _force, act, context) => store.removeHost(name, true, act, context),
    })),
    plan: takenOut(false),
  },
  {
    ...inStore("a host that is taken out keeps its credential", (store) => {
      const known = new Map<string, ReturnType<typeof store.token>>();
      return {
        token(id) {
          const token = store.token(id);
          if (token?.revokedAt === null) known.set(id, token);
          return known.get(id) ?? token;
        },
      };
    }),
    plan: takenOut(true),
  },
];
