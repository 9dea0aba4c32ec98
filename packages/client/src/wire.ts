/*
 * What goes over the wire, made from the schemas of packages/shared by `pnpm build`, so that nobody who uses the
 * client needs them or zod.
 */

export type Runner =
  | {
      kind: "github";
      /**
       * The encoded_jit_config of GitHub's generate-jitconfig call. Give this, or url and registrationToken.
       */
      jitConfig?: string;
      /**
       * Organisation or repository URL, with registrationToken
       */
      url?: string;
      registrationToken?: string;
      /**
       * @maxItems 100
       */
      labels?: string[];
      group?: string;
    }
  | {
      kind: "gitlab";
      url: string;
      /**
       * Runner authentication token (glrt-…)
       */
      token: string;
      /**
       * How long run-single waits for its job
       */
      waitTimeoutSeconds?: number;
    }
  | {
      kind: "buildkite";
      /**
       * Agent token
       */
      token: string;
      queue?: string;
      /**
       * Run exactly this job
       */
      acquireJob?: string;
      /**
       * Of the Agent API, where it is not Buildkite's own
       */
      endpoint?: string;
      /**
       * How long the agent waits for its job (default: for ever)
       */
      idleTimeoutSeconds?: number;
    }
  | {
      kind: "jenkins";
      url: string;
      secret: string;
      name: string;
      /**
       * How long the agent tries to reach the controller, at first and again; without it, for ever at first and not again
       */
      reconnectSeconds?: number;
    }
  | {
      kind: "azure";
      /**
       * The organisation's URL, or a collection's of a server
       */
      url: string;
      /**
       * Personal access token with the scope Agent Pools (read, manage)
       */
      token: string;
      pool: string;
      /**
       * What jobs' demands may ask for, beside what the agent finds out itself; everybody can read them
       */
      capabilities?: {
        [k: string]: string;
      };
      /**
       * Whether the agent leaves its pool after its job; the token then stays in the guest as long
       */
      unregister?: boolean;
    }
  | {
      kind: "circleci";
      /**
       * The resource class's token
       */
      token: string;
      /**
       * Of a CircleCI Server; by default CircleCI's cloud
       */
      url?: string;
      /**
       * How long the machine runner waits for its job
       */
      idleTimeoutSeconds?: number;
    }
  | {
      kind: "script";
      script: string;
      shell?: "/bin/sh" | "/bin/bash" | "/bin/zsh";
    };
export type VmState =
  | "queued"
  | "assigned"
  | "pulling"
  | "cloning"
  | "booting"
  | "provisioning"
  | "ready"
  | "draining"
  | "stopping"
  | "deleted"
  | "failed";

export interface CreateVm {
  /**
   * An OCI reference, or channel:<name>
   */
  image: string;
  name?: string;
  jobId?: string;
  os?: "macos" | "linux";
  cpu?: number;
  memoryMiB?: number;
  diskGiB?: number;
  /**
   * The host must carry all of these
   */
  hostLabels?: {
    [k: string]: string;
  };
  /**
   * Of the hosts that fit and have the image, those that carry more of these come first
   */
  preferredHostLabels?: {
    [k: string]: string;
  };
  labels?: {
    [k: string]: string;
  };
  /**
   * Its class in the team's queue, one of the control plane's --priority-classes
   */
  priority?: string;
  /**
   * Wait also when no registered host could ever take it: one may join the fleet
   */
  allowPending?: boolean;
  /**
   * How long it may live, from its first placement on a host
   */
  ttlSeconds?: number;
  queueTimeoutSeconds?: number;
  /**
   * How long a runner that tells of its job (github) may wait for one; 0: for ever
   */
  noJobTimeoutSeconds?: number;
  /**
   * When it cannot be brought up, or its runner exits with another code than 0: hold it that long
   */
  holdOnFailureSeconds?: number;
  /**
   * Phases over budget are tried on another host; without one, what is learned of the image, or the default
   */
  budgets?: {
    /**
     * How long the pull of its image may stand still
     */
    pullStallSeconds?: number;
    cloneSeconds?: number;
    bootSeconds?: number;
    provisionSeconds?: number;
  };
  env?: {
    [k: string]: string;
  };
  run?: {
    /**
     * Isolate the VM's network with softnet
     */
    softnet?: boolean;
    /**
     * @maxItems 64
     */
    softnetAllow?: string[];
    /**
     * @maxItems 64
     */
    softnetBlock?: string[];
    display?: string;
  };
  runner?: Runner;
}
export interface ListVms {
  /**
   * Comma-separated states
   */
  state?: string;
  host?: string;
  jobId?: string;
  name?: string;
  /**
   * A token of a team sees that team's VMs alone, with or without it
   */
  team?: string;
  label?: string;
  /**
   * The nextCursor of the page before
   */
  cursor?: string;
  limit?: number;
}
export interface VmRecord {
  id: string;
  name: string;
  /**
   * Of the token that made it; empty for a VM that a pool keeps warm
   */
  team: string;
  state: VmState;
  stateSince: string;
  image: string;
  /**
   * What its tag stood for when it was accepted, and what runs; null: not known, or not yet
   */
  imageDigest: string | null;
  /**
   * The channel that it asked for and that chose its image
   */
  channel: string | null;
  /**
   * The pool that keeps it warm: of no team, until a VM that is asked for takes its instance over
   */
  pool: string | null;
  os: "macos" | "linux";
  cpu: number | null;
  memoryMiB: number | null;
  diskGiB: number | null;
  hostLabels: {
    [k: string]: string;
  };
  preferredHostLabels: {
    [k: string]: string;
  };
  labels: {
    [k: string]: string;
  };
  /**
   * Its class in the team's queue
   */
  priority: string;
  jobId: string | null;
  runner: {
    kind: "github" | "gitlab" | "buildkite" | "jenkins" | "azure" | "circleci" | "script";
  } | null;
  envNames: string[];
  run: {
    /**
     * Isolate the VM's network with softnet
     */
    softnet?: boolean;
    /**
     * @maxItems 64
     */
    softnetAllow?: string[];
    /**
     * @maxItems 64
     */
    softnetBlock?: string[];
    display?: string;
  };
  host: string | null;
  /**
   * 0 or 1 on the host; null for a Linux VM and before placement
   */
  slot: number | null;
  /**
   * 0 before the first placement
   */
  attempt: number;
  /**
   * Private IP on its host; unique only together with the host
   */
  ip: string | null;
  /**
   * Since when its host is silent
   */
  unreachableSince: string | null;
  pullPercent: number | null;
  /**
   * Of its image, compressed: as many as the percentage says
   */
  pullBytes: number | null;
  pullTotalBytes: number | null;
  job: {
    state: "none" | "started" | "ended";
    startedAt: string | null;
    endedAt: string | null;
    details: {
      runId?: string;
      runAttempt?: string;
      job?: string;
      repository?: string;
    };
  };
  /**
   * Only for runner kind script: its exit code and the last 64 KiB of its output
   */
  scriptResult: {
    exitCode: number | null;
    /**
     * The last 64 KiB
     */
    output: string;
    truncated: boolean;
  } | null;
  /**
   * Why it is ending or ended
   */
  end: {
    reason:
      | "runner_exited"
      | "hook_grace_forced"
      | "client"
      | "ttl"
      | "guest_shutdown"
      | "guest_crashed"
      | "no_job"
      | "job_over"
      | "not_registered"
      | "not_needed"
      | "handed_over"
      | "pool_released"
      | "queue_timeout"
      | "image_not_found"
      | "start_failed"
      | "host_removed"
      | "instance_lost";
    message: string;
    error: AttemptError | null;
  } | null;
  /**
   * Whatever ends it, its instance stays until then
   */
  hold: Hold | null;
  /**
   * When the present state runs out of time
   */
  deadlineAt: string | null;
  expiresAt: string | null;
  createdAt: string;
  /**
   * When its present attempt was placed
   */
  assignedAt: string | null;
  readyAt: string | null;
  endedAt: string | null;
}
export interface AttemptError {
  code:
    | "image_not_found"
    | "image_unusable"
    | "image_auth_failed"
    | "registry_unreachable"
    | "pull_stalled"
    | "clone_failed"
    | "resources_refused"
    | "vm_limit_reached"
    | "start_failed"
    | "softnet_unavailable"
    | "guest_unreachable"
    | "guest_ended_early"
    | "provision_failed"
    | "runner_missing"
    | "secrets_unreadable"
    | "host_disk_full"
    | "host_misconfigured"
    | "tart_broken"
    | "tart_timeout"
    | "tart_failed"
    | "instance_lost"
    | "host_silent"
    | "host_removed"
    | "phase_timeout";
  message: string;
  facts: {
    [k: string]: string | number | boolean | null;
  };
}
export interface Hold {
  since: string;
  until: string;
  by: string;
  reason: string | null;
  /**
   * It has come to its end, and is there for its hold alone
   */
  isKept: boolean;
}
export interface VmSummary {
  id: string;
  name: string;
  /**
   * Of the token that made it; empty for a VM that a pool keeps warm
   */
  team: string;
  state: VmState;
  stateSince: string;
  image: string;
  /**
   * What its tag stood for when it was accepted, and what runs; null: not known, or not yet
   */
  imageDigest: string | null;
  /**
   * The channel that it asked for and that chose its image
   */
  channel: string | null;
  /**
   * The pool that keeps it warm: of no team, until a VM that is asked for takes its instance over
   */
  pool: string | null;
  os: "macos" | "linux";
  cpu: number | null;
  memoryMiB: number | null;
  diskGiB: number | null;
  hostLabels: {
    [k: string]: string;
  };
  preferredHostLabels: {
    [k: string]: string;
  };
  labels: {
    [k: string]: string;
  };
  /**
   * Its class in the team's queue
   */
  priority: string;
  jobId: string | null;
  runner: {
    kind: "github" | "gitlab" | "buildkite" | "jenkins" | "azure" | "circleci" | "script";
  } | null;
  envNames: string[];
  run: {
    /**
     * Isolate the VM's network with softnet
     */
    softnet?: boolean;
    /**
     * @maxItems 64
     */
    softnetAllow?: string[];
    /**
     * @maxItems 64
     */
    softnetBlock?: string[];
    display?: string;
  };
  host: string | null;
  /**
   * 0 or 1 on the host; null for a Linux VM and before placement
   */
  slot: number | null;
  /**
   * 0 before the first placement
   */
  attempt: number;
  /**
   * Private IP on its host; unique only together with the host
   */
  ip: string | null;
  /**
   * Since when its host is silent
   */
  unreachableSince: string | null;
  pullPercent: number | null;
  /**
   * Of its image, compressed: as many as the percentage says
   */
  pullBytes: number | null;
  pullTotalBytes: number | null;
  job: {
    state: "none" | "started" | "ended";
    startedAt: string | null;
    endedAt: string | null;
    details: {
      runId?: string;
      runAttempt?: string;
      job?: string;
      repository?: string;
    };
  };
  scriptResult: {
    exitCode: number | null;
    truncated: boolean;
  } | null;
  /**
   * Why it is ending or ended
   */
  end: {
    reason:
      | "runner_exited"
      | "hook_grace_forced"
      | "client"
      | "ttl"
      | "guest_shutdown"
      | "guest_crashed"
      | "no_job"
      | "job_over"
      | "not_registered"
      | "not_needed"
      | "handed_over"
      | "pool_released"
      | "queue_timeout"
      | "image_not_found"
      | "start_failed"
      | "host_removed"
      | "instance_lost";
    message: string;
    error: AttemptError | null;
  } | null;
  /**
   * Whatever ends it, its instance stays until then
   */
  hold: Hold | null;
  /**
   * When the present state runs out of time
   */
  deadlineAt: string | null;
  expiresAt: string | null;
  createdAt: string;
  /**
   * When its present attempt was placed
   */
  assignedAt: string | null;
  readyAt: string | null;
  endedAt: string | null;
}
export interface VmPage {
  vms: VmSummary[];
  nextCursor: string | null;
}
export interface VmEvent {
  id: number;
  vmId: string;
  at: string;
  type:
    | "accepted"
    | "state"
    | "attempt_failed"
    | "end_announced"
    | "end_requested"
    | "job"
    | "evidence"
    | "stop_rung";
  /**
   * The VM's state after it
   */
  state: VmState;
  attempt: number;
  source: "client" | "host" | "guest" | "hook" | "ci" | "timer" | "control_plane";
  message: string;
  data: {
    [k: string]: unknown;
  };
}
export interface Explanation {
  vmId: string;
  state: VmState;
  at: string;
  /**
   * One sentence
   */
  summary: string;
  /**
   * More sentences, the most important first
   */
  details: string[];
  /**
   * null unless it is queued
   */
  waiting: {
    position: {
      team: string;
      priority: string;
      /**
       * 1 is the next of its team and class
       */
      inClass: number;
      ofClass: number;
      inTeam: number;
      ofTeam: number;
      /**
       * VMs that wait in the whole fleet
       */
      waiting: number;
    };
    hosts: {
      total: number;
      groups: {
        reason:
          | "fits"
          | "just_failed"
          | "kept"
          | "slots"
          | "phantom"
          | "cpu"
          | "memory"
          | "disk"
          | "cordoned"
          | "silent"
          | "unknown"
          | "too_small"
          | "labels";
        /**
         * How many; every registered host is in one group
         */
        hosts: number;
        /**
         * The first few of them
         */
        names: string[];
        text: string;
      }[];
    };
    unblock: {
      what:
        | "placing"
        | "image"
        | "turn"
        | "share"
        | "reserved"
        | "slots"
        | "retry"
        | "kept"
        | "phantom"
        | "cpu"
        | "memory"
        | "disk"
        | "cordoned"
        | "silent"
        | "unknown"
        | "never";
      text: string;
    };
    eta: {
      /**
       * When it is placed in half of all cases; null: later than can be told
       */
      startP50: string | null;
      /**
       * By when in nine of ten
       */
      startP90: string | null;
      readyP50: string | null;
      readyP90: string | null;
      /**
       * It is so far back that only the queue's speed tells
       */
      isExtrapolated: boolean;
      /**
       * How many finished runs of the fleet's it goes by, of the newest few hundred
       */
      runs: number;
    } | null;
    /**
     * Why there is no eta
     */
    etaUnknown: string | null;
  } | null;
  /**
   * null when it has ended
   */
  phase: {
    phase: "queued" | "assigned" | "pulling" | "cloning" | "booting" | "provisioning" | "run" | "stop";
    since: string;
    /**
     * How long it lasts
     */
    seconds: number;
    /**
     * How long it takes with this image, by the newest few hundred; null: never measured
     */
    usual: {
      p50Seconds: number;
      p90Seconds: number;
      count: number;
    } | null;
    /**
     * It lasts longer than nine of ten did
     */
    isSlow: boolean;
    /**
     * When its time is over
     */
    endsBy: string | null;
  } | null;
}
export interface Capacity {
  /**
   * Only when the query asks for a kind of VM
   */
  room?: {
    team: string;
    image: string | null;
    /**
     * How many of them could start now: slots, sizes, labels, the team's cap, kept slots
     */
    startNow: number;
    /**
     * Of those, on hosts that have the image; null when none was asked for
     */
    withImage: number | null;
    limitedBy: "hosts" | "share" | "reserved";
    /**
     * Slots
     */
    teamHolds: number;
    teamCap: number | null;
    /**
     * VMs that wait in the whole fleet, and come first where they fit
     */
    waiting: number;
    /**
     * null: no VM of the fleet has come to its end yet, so nobody knows
     */
    frees: {
      withinSeconds: number;
      /**
       * How many VMs on such hosts will have ended, on the average
       */
      expected: number;
      p50: number;
      /**
       * At least so many in nine of ten cases
       */
      p90: number;
    } | null;
  };
  slots: {
    total: number;
    busy: number;
    free: number;
    phantom: number;
    unreachable: number;
    cordoned: number;
  };
  queued: number;
  byHostLabel: {
    total: number;
    busy: number;
    free: number;
    phantom: number;
    unreachable: number;
    cordoned: number;
    /**
     * key=value
     */
    label: string;
  }[];
  byImage: {
    image: string;
    /**
     * Hosts that have it
     */
    hosts: number;
    /**
     * Free slots on those hosts
     */
    free: number;
    queued: number;
    running: number;
  }[];
}
export interface Problem {
  type: string;
  title: string;
  status: number;
  code:
    | "malformed_json"
    | "invalid_request"
    | "unauthenticated"
    | "forbidden"
    | "enrolment_used_up"
    | "vm_not_found"
    | "host_not_found"
    | "team_not_found"
    | "image_plan_not_found"
    | "channel_not_found"
    | "pool_not_found"
    | "token_not_found"
    | "tunnel_not_found"
    | "webhook_not_found"
    | "delivery_not_found"
    | "route_not_found"
    | "method_not_allowed"
    | "idempotency_conflict"
    | "name_taken"
    | "webhook_exists"
    | "too_many_webhooks"
    | "host_has_vms"
    | "token_ended"
    | "job_mismatch"
    | "host_identity_conflict"
    | "session_fenced"
    | "vm_not_reachable"
    | "vm_not_holdable"
    | "tunnel_unsupported"
    | "attempt_not_current"
    | "protocol_unsupported"
    | "unschedulable"
    | "payload_too_large"
    | "unsupported_media_type"
    | "queue_full"
    | "too_many_tunnels"
    | "rate_limited"
    | "internal"
    | "host_silent"
    | "tunnel_not_opened"
    | "ci_unavailable"
    | "storage_busy"
    | "overloaded"
    | "issuer_unreachable"
    | "shutting_down"
    | "storage_full";
  detail: string;
  requestId?: string;
  errors?: {
    path: string;
    message: string;
  }[];
  /**
   * As the Retry-After header says it
   */
  retryAfterSeconds?: number;
}
