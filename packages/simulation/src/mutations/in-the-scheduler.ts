import type { Job, Plan, PlannedAction } from "../plan/plan.ts";
import { sizeOfHost } from "../plan/wishes.ts";
import { inStore, type Mutation } from "./plant.ts";

const MINUTE = 60_000;

const job = (n: number, changes: Partial<Job> = {}, at = 5000 + n): PlannedAction => ({
  at,
  action: {
    kind: "create",
    job: {
      n,
      os: "macos",
      runner: "github",
      ttlSeconds: 7200,
      mode: "good",
      idleMs: 1000,
      jobMs: 4 * MINUTE,
      ...changes,
    },
  },
});

const WHOLE_MAC = { size: sizeOfHost(1) };

/** One that asks for the whole of a host, and one that asks for no more than the others. */
const BESIDE_A_LARGE_ONE: Plan = { hosts: 1, calmAt: 15 * MINUTE, actions: [job(1, WHOLE_MAC), job(2)] };

/** A large VM among small ones that never cease. */
const CROWDED_OUT: Plan = {
  hosts: 1,
  calmAt: 30 * MINUTE,
  actions: [
    job(1, { jobMs: MINUTE }),
    job(2),
    job(3, WHOLE_MAC, 10_000),
    ...Array.from({ length: 12 }, (_, index) => job(4 + index, {}, 20_000 + index * 1000)),
  ],
};

const share = (guaranteed: number, cap: number | null): PlannedAction => ({
  at: 1000,
  action: { kind: "set_share", team: "games", guaranteed, cap },
});

/** A team that may have one slot of two asks for both. */
const CAPPED: Plan = {
  hosts: 1,
  calmAt: 15 * MINUTE,
  actions: [share(0, 1), job(1, { team: "games" }), job(2, { team: "games" }, 15_000)],
};

/** A team has two of the three slots that it is guaranteed, and another one, which has less, wants more as well. */
const OWED: Plan = {
  hosts: 2,
  calmAt: 15 * MINUTE,
  actions: [
    share(3, null),
    ...[1, 2].map((n) => job(n, { team: "games", jobMs: 9 * MINUTE })),
    ...[3, 4].map((n) => job(n, { team: "apps" })),
    ...[5, 6].map((n) => job(n, { team: "apps" }, 15_000)),
    job(7, { team: "games" }, 20_000),
  ],
};

/** More of one image than there is room for, what is most urgent last. */
const IN_ORDER: Plan = {
  hosts: 1,
  calmAt: 15 * MINUTE,
  actions: [
    job(1),
    job(2),
    job(3, { priority: "batch" }, 10_000),
    job(6, { priority: "batch" }, 12_000),
    job(9, { priority: "release" }, 40_000),
  ],
};

/** What VMs ask for, hosts have and teams may have, as the scheduler is told of it. */
export const IN_THE_SCHEDULER: readonly Mutation[] = [
  {
    ...inStore("nobody counts how much of its host a VM has", (store) => ({
      hostById(hostId) {
        const host = store.hostById(hostId);
        const occupants = host?.occupants.map(({ spec, ...occupant }) => ({
          ...occupant,
          spec: { ...spec, cpu: undefined, memoryMiB: undefined },
        }));
        return host && { ...host, occupants: occupants ?? [] };
      },
    })),
    plan: BESIDE_A_LARGE_ONE,
  },
  {
    ...inStore("a large VM begins to wait anew whenever somebody looks at it", (store) => {
      let looks = 0;
      return {
        request(vmId) {
          looks += 1;
          const request = store.request(vmId);
          return request?.need.cpu == null ? request : { ...request, since: request.since + looks * 1e9 };
        },
      };
    }),
    plan: CROWDED_OUT,
  },
  {
    ...inStore("no team has a cap", (store) => ({
      shares: () => new Map([...store.shares()].map(([team, share]) => [team, { ...share, cap: null }])),
    })),
    plan: CAPPED,
  },
  {
    ...inStore("no team is guaranteed anything", (store) => ({
      shares: () => new Map([...store.shares()].map(([team, share]) => [team, { ...share, guaranteed: 0 }])),
    })),
    plan: OWED,
  },
  {
    ...inStore("all VMs are as urgent as each other", (store) => ({
      request(vmId) {
        const request = store.request(vmId);
        return request && { ...request, priority: "default" };
      },
    })),
    plan: IN_ORDER,
  },
  {
    ...inStore("who came last is first", (store) => ({
      request(vmId) {
        const request = store.request(vmId);
        return request && { ...request, since: -request.since, seq: -request.seq };
      },
    })),
    plan: IN_ORDER,
  },
];
