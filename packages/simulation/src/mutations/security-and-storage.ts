import { THEFTS, type DatabaseFault, type Job, type Plan, type PlannedAction } from "../plan/plan.ts";
import { inStore, inUseCases, mutation, type Mutation } from "./plant.ts";

const MINUTE = 60_000;

const job = (n: number, changes: Partial<Job> = {}): PlannedAction => ({
  at: 5000 * n,
  action: {
    kind: "create",
    job: {
      n,
      os: "macos",
      runner: "github",
      ttlSeconds: 3600,
      mode: "good",
      idleMs: 1000,
      jobMs: 5 * MINUTE,
      ...changes,
    },
  },
});

/** Two VMs that work, one that is over soon; then each of the thefts. */
const ROBBERY: Plan = {
  hosts: 2,
  calmAt: 15 * MINUTE,
  actions: [
    job(1),
    job(2),
    job(3, { jobMs: 1000 }),
    ...THEFTS.map((theft, index): PlannedAction => ({
      at: 4 * MINUTE + index * 1000,
      action: { kind: "theft", theft },
    })),
  ],
};

/** The whole time in which a VM is set up. */
const SECRETS_AT_RISK: Plan = {
  hosts: 2,
  calmAt: 15 * MINUTE,
  actions: [
    job(1),
    ...Array.from({ length: 60 }, (_, second): PlannedAction => ({
      at: 20_000 + second * 2000,
      action: { kind: "theft", theft: "host_takes_secrets" },
    })),
  ],
};

const onDisk = (fault: DatabaseFault, ...jobs: PlannedAction[]): Plan => ({
  hosts: 1,
  calmAt: 10 * MINUTE,
  actions: [{ at: 6000, action: { kind: "database_fault", fault, ms: 4 * MINUTE } }, ...jobs],
});

/** What thieves may do, and what becomes of steps that the disk does not take. */
export const IN_SECURITY_AND_STORAGE: readonly Mutation[] = [
  {
    ...inStore("a revoked credential is still good", (store) => ({
      token(id) {
        const token = store.token(id);
        return token && { ...token, revokedAt: null };
      },
    })),
    plan: ROBBERY,
  },
  {
    ...inUseCases("a token that was good once is good for ever", (useCases) => {
      const known = new Map<string, ReturnType<typeof useCases.authenticate>>();
      return {
        authenticate(bearer) {
          const principal = useCases.authenticate(bearer) ?? known.get(bearer);
          known.set(bearer, principal);
          return principal;
        },
      };
    }),
    plan: ROBBERY,
  },
  {
    ...inStore("a host may tell of what is on another", (store) => ({
      applyReports(hostId, epoch, reports, context) {
        const [first] = reports;
        const place = first && store.placeOf(first.vmId, first.attempt);
        return !place || place.hostId === hostId
          ? store.applyReports(hostId, epoch, reports, context)
          : store.applyReports(place.hostId, store.hostRow(place.hostId).epoch, reports, context);
      },
    })),
    plan: ROBBERY,
  },
  {
    ...inStore("any host is given a guest's secrets", (store) => ({
      bootstrap(hostId, epoch, about, made) {
        const place = store.placeOf(about.vmId, about.attempt);
        return !place || place.hostId === hostId
          ? store.bootstrap(hostId, epoch, about, made)
          : store.bootstrap(place.hostId, store.hostRow(place.hostId).epoch, about, made);
      },
    })),
    plan: SECRETS_AT_RISK,
  },
  {
    ...inStore("any machine may speak for a host", (store) => ({
      openSession: (hostId, _machineId, seen, act, now) =>
        store.openSession(hostId, store.hostRow(hostId).machineId, seen, act, now),
    })),
    plan: ROBBERY,
  },
  {
    ...inStore("an enrolment token is good for any number of hosts", (store) => ({
      enrolHost: (enrolment, act, now) => store.enrolHost({ ...enrolment, by: null }, act, now),
    })),
    plan: ROBBERY,
  },
  {
    ...inUseCases("every VM is of the team that asks", () => ({ teamOfVm: () => "others" })),
    plan: ROBBERY,
  },
  {
    ...inStore("a VM that the full disk did not take is acknowledged", (store) => ({
      async acceptVm(accepted, act, now) {
        try {
          return await store.acceptVm(accepted, act, now);
        } catch {
          return { vm: accepted.vm, event: null };
        }
      },
    })),
    plan: onDisk("full", job(2)),
  },
  {
    ...mutation("what the disk did not take is never tried again", {
      controlPlaneClock: (clock) => ({
        ...clock,
        after: (ms, call) => (ms === 1000 ? () => {} : clock.after(ms, call)),
      }),
    }),
    plan: onDisk("full", job(1, { ttlSeconds: 100, mode: "hang" })),
  },
  {
    ...inStore("a host that is cordoned is given VMs all the same", (store) => ({
      hostById(hostId) {
        const host = store.hostById(hostId);
        return host && { ...host, cordon: null };
      },
    })),
    plan: {
      hosts: 1,
      calmAt: 15 * MINUTE,
      actions: [{ at: 20_000, action: { kind: "cordon", host: 1, ms: 5 * MINUTE } }, job(6), job(7)],
    },
  },
  inStore("room that a former attempt leaves wakes nobody", (store) => ({
    async applyReports(hostId, epoch, reports, context) {
      const results = await store.applyReports(hostId, epoch, reports, context);
      return results.map((result) =>
        result.outcome === "applied" ? { ...result, roomChanged: false } : result,
      );
    },
  })),
];
