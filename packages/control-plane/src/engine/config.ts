import type { Budgets } from "../domain/lifecycle.ts";
import type { Layout } from "../domain/scheduling/room-index.ts";
import type { PriorityClass, Share, SharePolicy } from "../domain/scheduling/shares.ts";

/** What the engine can be told; each is a flag of the program. */
export interface EngineConfig {
  /** Where guests reach the control plane. */
  publicUrl: string;
  maxTtlSeconds: number;
  defaultQueueTimeoutSeconds: number;
  maxQueuedPerTeam: number;
  hookGraceSeconds: number;
  exitSettleSeconds: number;
  heartbeatSeconds: number;
  leaseSeconds: number;
  silentGraceSeconds: number;
  assignedTimeoutSeconds: number;
  pullStallSeconds: number;
  cloneTimeoutSeconds: number;
  bootTimeoutSeconds: number;
  provisionTimeoutSeconds: number;
  stopTimeoutSeconds: number;
  /** 0: a runner may wait for its job for ever. */
  noJobTimeoutSeconds: number;
  maxAttempts: number;
  /** The most urgent first. */
  priorityClasses: readonly PriorityClass[];
  ageingSeconds: number;
  layout: Layout;
  breakerRestSeconds: number;
  /** How many hosts may fetch what is planned from one registry at once. */
  pullsPerRegistry: number;
  /** 0: tags are not resolved. */
  imageResolveTtlSeconds: number;
  /** Below so much of a host's disk free, images that nobody needs are removed; 0: never unasked. */
  pruneBelowPercent: number;
  /** Until so much is free. */
  pruneUntilPercent: number;
  /** Webhooks may be plain http and go to addresses of private networks. */
  webhookAllowPrivate: boolean;
  /** Keys of VMs' labels by which slots' time is accounted for. */
  accountLabel: readonly string[];
  /** 0 keeps all. */
  keepEndedDays: number;
  /** 0 keeps all. */
  keepAuditDays: number;
  maxHoldSeconds: number;
  /** Open at once: in all, to one host, and of one token. */
  maxTunnels: number;
  maxTunnelsPerHost: number;
  maxTunnelsPerToken: number;
}

export function budgetsOf(config: EngineConfig): Budgets {
  return {
    phase: {
      assigned: config.assignedTimeoutSeconds * 1000,
      pulling: config.pullStallSeconds * 1000,
      cloning: config.cloneTimeoutSeconds * 1000,
      booting: config.bootTimeoutSeconds * 1000,
      provisioning: config.provisionTimeoutSeconds * 1000,
    },
    stopping: config.stopTimeoutSeconds * 1000,
    hookGrace: config.hookGraceSeconds * 1000,
    exitSettle: config.exitSettleSeconds * 1000,
    maxAttempts: config.maxAttempts,
  };
}

export function policyOf(
  { priorityClasses, ageingSeconds }: Pick<EngineConfig, "priorityClasses" | "ageingSeconds">,
  teams: ReadonlyMap<string, Share>,
): SharePolicy {
  return { teams, classes: priorityClasses, ageingMs: ageingSeconds * 1000 };
}
