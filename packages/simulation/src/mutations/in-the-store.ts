import type { Job, Plan } from "../plan/plan.ts";
import { inStore, type Mutation } from "./plant.ts";

const job = (n: number): Job => ({
  n,
  os: "macos",
  runner: "github",
  ttlSeconds: 7200,
  mode: "good",
  idleMs: 1000,
  jobMs: 600_000,
});

/** The control plane stands still while VMs are brought up, longer than a phase may take. */
const STOOD_STILL: Plan = {
  hosts: 2,
  calmAt: 1_200_000,
  actions: [
    { at: 5000, action: { kind: "create", job: job(1) } },
    { at: 5500, action: { kind: "create", job: job(2) } },
    { at: 5500, action: { kind: "create", job: job(3) } },
    { at: 50_000, action: { kind: "stop_process", who: "control-plane", ms: 720_000 } },
  ],
};

/** Both slots of a Mac are kept warm when somebody asks for another image. */
const WARM: Plan = {
  hosts: 1,
  calmAt: 1_200_000,
  actions: [
    { at: 5000, action: { kind: "pool", image: 2, minIdle: 2, ms: 900_000 } },
    { at: 120_000, action: { kind: "create", job: job(1) } },
  ],
};

/** Somebody's own VMs have both slots of a host; the other host is free. */
const SLOTS_LOST: Plan = {
  hosts: 2,
  calmAt: 900_000,
  actions: [
    { at: 3000, action: { kind: "foreign_vm", host: 1, ms: 240_000 } },
    { at: 3500, action: { kind: "foreign_vm", host: 1, ms: 240_000 } },
    { at: 60_000, action: { kind: "create", job: { ...job(1), jobMs: 120_000 } } },
    { at: 61_000, action: { kind: "create", job: { ...job(2), jobMs: 120_000 } } },
  ],
};

/** What the store writes down, and what it says is written. */
export const IN_THE_STORE: readonly Mutation[] = [
  {
    ...inStore("a warm VM makes no room for the queue", (store) => ({
      applyEvent: (vmId, event, context, act) =>
        event.kind === "released" && event.why.includes("of the queue")
          ? Promise.resolve({ outcome: "ignored", vm: null, reason: "nobody hears it" })
          : store.applyEvent(vmId, event, context, act),
    })),
    plan: WARM,
  },
  {
    ...inStore("time in which the control plane stood still counts", (store) => {
      let calls = 0;
      return {
        extendBudgets(...times) {
          calls += 1;
          return calls === 1 ? store.extendBudgets(...times) : Promise.resolve();
        },
      };
    }),
    plan: STOOD_STILL,
  },
  inStore("a host is told the tag, whatever it stood for", (store) => ({
    assignments(hostId) {
      const set = store.assignments(hostId);
      const tagged = (image: string) => image.replace(/@.*/, ":0");
      return {
        ...set,
        assignments: set.assignments.map((one) => ({ ...one, image: tagged(one.image) })),
      };
    },
  })),
  inStore("what a tag stands for is heard, and not written down", (store) => ({
    applyEvent: (vmId, event, ...rest) =>
      event.kind === "image_answered"
        ? Promise.resolve({ outcome: "ignored", vm: null, reason: "" })
        : store.applyEvent(vmId, event, ...rest),
  })),
  inStore("a slot is freed at the first rung of the stop ladder", (store) => ({
    applyReports: (hostId, epoch, reports, context) =>
      store.applyReports(
        hostId,
        epoch,
        reports.map((report) =>
          report.kind === "stop_rung" ? { kind: "gone", vmId: report.vmId, attempt: report.attempt } : report,
        ),
        context,
      ),
  })),
  inStore("a slot is never freed", (store) => ({
    applyReports: (hostId, epoch, reports, context) =>
      store.applyReports(
        hostId,
        epoch,
        reports.map((report) =>
          report.kind === "gone"
            ? { kind: "run_ended", vmId: report.vmId, attempt: report.attempt, cause: "stopped", logTail: "" }
            : report,
        ),
        context,
      ),
  })),
  inStore("a VM is acknowledged before it is written, and nobody is woken when it is", (store) => ({
    acceptVm(accepted, act, now) {
      void store.acceptVm(accepted, act, now).catch(() => undefined);
      return Promise.resolve({ vm: accepted.vm, event: null });
    },
  })),
  inStore("a restart takes every ready VM for lost (Orchard #454)", (store) => ({
    async extendBudgets(until, bringUpsUntil, lostMs) {
      await store.extendBudgets(until, bringUpsUntil, lostMs);
      const budgets = { phase: {}, stopping: 0, hookGrace: 0, exitSettle: 0, maxAttempts: 1 };
      const live = store.listVms({ state: ["ready"], limit: 100 }, undefined);
      for (const { vm } of live) {
        await store.applyEvent(
          vm.id,
          { kind: "run_ended", attempt: vm.attempt, cause: "killed", logTail: "" },
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          { now: until, budgets: budgets as never },
        );
      }
    },
  })),
  inStore("deadlines never come", () => ({
    nextDeadline: () => null,
  })),
  inStore("a budget that runs out is not extended at a restart", (store) => ({
    extendBudgets: () => Promise.resolve(),
    async beginAt(now) {
      await store.noteTime(now);
      return store.beginAt(now);
    },
  })),
  inStore("a VM that comes back into the queue fits no host any more", (store) => ({
    request(vmId) {
      const request = store.request(vmId);
      if (!request || request.triedHosts.length === 0) return request;
      return { ...request, need: { ...request.need, hostLabels: { nobody: "has" } } };
    },
  })),
  inStore("a report of a former attempt counts for the present one", (store) => ({
    applyReports: (hostId, epoch, reports, context) =>
      store.applyReports(
        hostId,
        epoch,
        reports.map((report) => ({ ...report, attempt: store.vm(report.vmId)?.attempt ?? report.attempt })),
        context,
      ),
  })),
  inStore("assignments leave out what is to be gone", (store) => ({
    assignments(hostId) {
      const set = store.assignments(hostId);
      return { ...set, assignments: set.assignments.filter(({ want }) => want === "running") };
    },
  })),
  inStore("assignments leave out what is ready", (store) => ({
    assignments(hostId) {
      const set = store.assignments(hostId);
      return { ...set, assignments: set.assignments.filter(({ reached }) => reached !== "ready") };
    },
  })),
  inStore("the revision never grows", (store) => ({
    assignments: (hostId) => ({ ...store.assignments(hostId), revision: 1 }),
  })),
  {
    ...inStore("phantom instances are not counted", (store) => ({
      hosts: () => store.hosts().map((host) => ({ ...host, phantoms: 0 })),
      hostById(hostId) {
        const host = store.hostById(hostId);
        return host && { ...host, phantoms: 0 };
      },
    })),
    plan: SLOTS_LOST,
  },
];
