import type { Budgets, LifecycleEvent } from "../../src/domain/lifecycle.ts";
import type { Vm } from "../../src/domain/vm.ts";
import type { Act } from "../../src/store/audit.ts";

export const BUDGETS: Budgets = {
  phase: { assigned: 1000, pulling: 5000, cloning: 2000, booting: 3000, provisioning: 2000 },
  stopping: 4000,
  hookGrace: 900,
  exitSettle: 100,
  maxAttempts: 3,
};

export function queuedVm(changes: Partial<Vm> = {}): Vm {
  return {
    id: "abcdefgh01234567",
    team: "default",
    name: "build-1",
    spec: {
      image: "ghcr.io/org/image:1",
      os: "macos",
      hostLabels: {},
      labels: {},
      run: {},
      cpu: undefined,
      memoryMiB: undefined,
      diskGiB: undefined,
      jobId: undefined,
      envNames: [],
      runnerKind: "github",
      ttlMs: 100_000,
      queueTimeoutMs: 10_000,
    },
    resolution: null,
    state: "queued",
    stateSince: 0,
    attempt: 0,
    hostId: null,
    budgetEndsAt: 10_000,
    expiresAt: null,
    announced: null,
    end: null,
    hold: null,
    job: { state: "none", startedAt: null, endedAt: null, details: {} },
    ip: null,
    imageDigest: null,
    pullPercent: null,
    pullTotalBytes: null,
    scriptResult: null,
    createdAt: 0,
    assignedAt: null,
    readyAt: null,
    endedAt: null,
    ...changes,
  };
}

export const placed = (attempt: number, hostId = 1): LifecycleEvent => ({
  kind: "placed",
  attempt,
  hostId,
  hostName: `mac-${hostId}`,
});

/** Somebody's act, for intents that write one down. */
export const ACT: Act = {
  actor: "token ci (ci0)",
  action: "test",
  subject: "test",
  outcome: "done",
  address: "127.0.0.1",
  requestId: "test",
  details: {},
};
