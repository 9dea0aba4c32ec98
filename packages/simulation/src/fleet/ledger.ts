import { instanceName } from "@tartfleet/shared";

type Said = "job_started" | "job_hook" | "runner_exited" | "no_job";

/** What clients, guests and machines really did, whatever anybody believes: the auditor's own evidence. */
export interface Ledger {
  /** VMs whose creation was acknowledged to a client. */
  readonly acknowledged: Set<string>;
  /** VMs whose end a client has asked for. */
  readonly endAsked: Set<string>;
  guestSays(vmId: string, attempt: number, what: Said): void;
  hasSaid(vmId: string, what: Said): boolean;
  hasSaidOf(vmId: string, attempt: number, what: Said): boolean;
  /** How often a runner was started in an instance. */
  readonly runnerStarts: Map<string, number>;
  /** Instances in which a job runs. */
  readonly jobs: Set<string>;
  /** Instances in which a job has ever run. */
  readonly hadJob: Set<string>;
  /** Instances whose runner waits for its job, and until when it may. */
  readonly idleUntil: Map<string, { vmId: string; until: number }>;
  /** Instances whose run ended by itself: guest, crash, host. */
  readonly endedByItself: Set<string>;
  /** Instances whose run an agent has ended, or asked to end. */
  readonly endedByAgent: Set<string>;
  /** Answers to a guest that spoke for another VM. */
  readonly strangers: { vmId: string; status: number | undefined }[];
  /** Answers to those who used what was not theirs. */
  readonly thefts: { what: string; status: number | undefined }[];
  /** Hosts that somebody has asked to be taken out of the fleet with all that is on them. */
  readonly forcedRemovals: Set<string>;
  /** Credentials of hosts that somebody has asked to be taken out of the fleet. */
  readonly formerCredentials: Set<string>;
  /** Hosts of which somebody has asked for a drain that ends what is left. */
  readonly drainsThatEnd: Set<string>;
  /** Attempts whose secrets were given out, and to which host. */
  readonly handedOut: { hostName: string; vmId: string; attempt: number }[];
}

export function createLedger(): Ledger {
  const said = new Set<string>();
  return {
    acknowledged: new Set(),
    endAsked: new Set(),
    guestSays(vmId, attempt, what) {
      said.add(`${vmId} ${what}`);
      said.add(`${instanceName(vmId, attempt)} ${what}`);
    },
    hasSaid: (vmId, what) => said.has(`${vmId} ${what}`),
    hasSaidOf: (vmId, attempt, what) => said.has(`${instanceName(vmId, attempt)} ${what}`),
    runnerStarts: new Map(),
    jobs: new Set(),
    hadJob: new Set(),
    idleUntil: new Map(),
    endedByItself: new Set(),
    endedByAgent: new Set(),
    strangers: [],
    thefts: [],
    forcedRemovals: new Set(),
    formerCredentials: new Set(),
    drainsThatEnd: new Set(),
    handedOut: [],
  };
}
