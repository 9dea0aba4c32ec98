/*
 * What goes over the wire, made from the API's description by `pnpm build`, so that nobody who uses the client needs
 * the schemas that check it, or zod.
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

export interface CordonHost {
  reason: string;
  /**
   * It ends by itself after so long; without it somebody must uncordon the host
   */
  forSeconds?: number;
}
export interface CreateToken {
  role: "admin" | "ci" | "viewer" | "host-enrolment";
  name: string;
  /**
   * For ci and viewer: whose VMs it makes, sees and ends; without one the team `default` for ci, everybody's for viewer
   */
  team?: string;
  /**
   * Without it: a day for host-enrolment, no end for other roles
   */
  expiresInSeconds?: number;
  /**
   * For host-enrolment: how many hosts it enrols; one without it
   */
  uses?: number | "unlimited";
  /**
   * For host-enrolment: labels of its hosts, whatever their agents say
   */
  hostLabels?: {
    [k: string]: string;
  };
}
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
export interface DrainHost {
  reason: string;
  /**
   * How long its VMs may take to end; then it is told which have not
   */
  deadlineSeconds?: number;
  /**
   * Past the deadline those that are left are ended, as by a client. Without it nothing is
   */
  endVms?: boolean;
}
export interface EnrolHost {
  name: string;
  machineId: string;
}
export interface HoldVm {
  /**
   * From now; at most --max-hold-seconds of the control plane
   */
  forSeconds: number;
  reason?: string;
}
export interface PlanImage {
  kind: "prepull" | "pin";
  /**
   * Best a digest reference: a host that has the tag is not asked whether it was moved
   */
  image: string;
  /**
   * On hosts that carry all of these; without any, on all
   */
  hostLabels?: {
    [k: string]: string;
  };
  reason?: string;
}
export interface PruneImages {
  /**
   * Without it: every connected host
   */
  host?: string;
  /**
   * Only says what would go and what would stay
   */
  dryRun?: boolean;
  /**
   * Of the disk, the least recently used first; 100: all that nobody needs. Default: --prune-until-percent
   */
  untilFreePercent?: number;
  /**
   * Also images that tartfleet did not fetch, as people on that Mac may have
   */
  foreign?: boolean;
}
export interface RotateToken {
  /**
   * How long the secret before still works; 0 when it may be known to others
   */
  graceSeconds?: number;
}
export interface RollOut {
  /**
   * Best a digest reference: what a tag means can change while it is rolled out
   */
  image: string;
  /**
   * Bring-ups of the new image that each step must have seen before the next
   */
  samplesPerStep?: number;
}
export interface SetChannel {
  image: string;
}
export interface SetPool {
  /**
   * An OCI reference, or channel:<name>: the image that it has just now
   */
  image: string;
  os?: "macos" | "linux";
  cpu?: number;
  memoryMiB?: number;
  diskGiB?: number;
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
  /**
   * Its VMs are kept on hosts that carry all of these
   */
  hostLabels?: {
    [k: string]: string;
  };
  /**
   * VMs that are kept booted and free, while there is room
   */
  minIdle: number;
  /**
   * Its VMs at most, those included that boot, are renewed or are being stopped; default: one more than are kept
   */
  max?: number;
  /**
   * A warm VM that nobody took is renewed at that age, or up to a fifth sooner, lest all are at once
   */
  maxAgeMinutes?: number;
  /**
   * null: always
   */
  schedule?: {
    timeZone?: string;
    /**
     * @minItems 1
     * @maxItems 50
     */
    windows: {
      /**
       * Days on which it begins
       *
       * @minItems 1
       * @maxItems 7
       */
      days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
      from: string;
      /**
       * When it is over; at or before `from`: on the next day
       */
      to: string;
      /**
       * In this window, in place of the pool's
       */
      minIdle?: number;
    }[];
  } | null;
}
export interface SetShare {
  /**
   * Slots that are the team's before anybody borrows; others use them while it does not
   */
  guaranteed?: number;
  /**
   * Slots that it may hold at most; null for no bound
   */
  cap?: number | null;
  /**
   * How it shares what nobody is guaranteed with the others
   */
  weight?: number;
}
export interface ChangeWebhook {
  url?: string;
  /**
   * What it is told of: types like vm.failed, vm.* for all of a kind, * for all
   *
   * @minItems 1
   * @maxItems 32
   */
  events?: (
    | "*"
    | "vm.*"
    | "host.*"
    | "channel.*"
    | "vm.accepted"
    | "vm.assigned"
    | "vm.ready"
    | "vm.job_started"
    | "vm.end_announced"
    | "vm.attempt_failed"
    | "vm.ended"
    | "vm.failed"
    | "host.enrolled"
    | "host.connected"
    | "host.silent"
    | "host.cordoned"
    | "host.uncordoned"
    | "host.drain_overdue"
    | "host.breaker_opened"
    | "host.breaker_closed"
    | "host.removed"
    | "channel.completed"
    | "channel.rolled_back"
  )[];
  /**
   * Of this team's VMs alone, and of no host; null: of everything
   */
  team?: string | null;
  template?: "json" | "slack";
  /**
   * false: it is told of nothing until it is enabled again
   */
  enabled?: boolean;
}
export interface CreateWebhook {
  name: string;
  /**
   * Where notices are POSTed to. Kept sealed and never shown whole: it may be a secret
   */
  url: string;
  /**
   * What it is told of: types like vm.failed, vm.* for all of a kind, * for all
   *
   * @minItems 1
   * @maxItems 32
   */
  events: (
    | "*"
    | "vm.*"
    | "host.*"
    | "channel.*"
    | "vm.accepted"
    | "vm.assigned"
    | "vm.ready"
    | "vm.job_started"
    | "vm.end_announced"
    | "vm.attempt_failed"
    | "vm.ended"
    | "vm.failed"
    | "host.enrolled"
    | "host.connected"
    | "host.silent"
    | "host.cordoned"
    | "host.uncordoned"
    | "host.drain_overdue"
    | "host.breaker_opened"
    | "host.breaker_closed"
    | "host.removed"
    | "channel.completed"
    | "channel.rolled_back"
  )[];
  /**
   * Of this team's VMs alone, and of no host; null: of everything
   */
  team?: string | null;
  template?: "json" | "slack";
}
export interface Attempt {
  /**
   * When it was decided
   */
  at: string;
  /**
   * null for a VM of another team than the token's
   */
  vmId: string | null;
  attempt: number;
  host: string;
  image: string;
  /**
   * In which it was decided; run: the VM was ready, and was lost
   */
  phase: "queued" | "assigned" | "pulling" | "cloning" | "booting" | "provisioning" | "run" | "stop";
  /**
   * `ready`, or the code of what went wrong
   */
  verdict: string;
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
export interface AuditPage {
  records: AuditRecord[];
  /**
   * `after` of the next page; null when there is none
   */
  next: number | null;
}
export interface AuditRecord {
  /**
   * Counts from 1 without a gap
   */
  seq: number;
  at: string;
  /**
   * Like `token github (4k2…)`, `host mac-1`, `VM …`, `control plane`
   */
  actor: string;
  /**
   * Like `vm.create`; of a refused act, what was not allowed
   */
  action: string;
  /**
   * What it was done to: like `VM …`, `host mac-1`, `token github (4k2…)`
   */
  subject: string;
  outcome: "done" | "refused";
  /**
   * Where the call came from; null: from the control plane itself
   */
  address: string | null;
  requestId: string | null;
  /**
   * Facts about the act; never a secret
   */
  details: {
    [k: string]: string | number | boolean | null;
  };
  /**
   * The hash of the row before; of row 1, 64 zeros
   */
  previous: string;
  /**
   * SHA-256 of the row, see docs/operations.md
   */
  hash: string;
}
export interface Board {
  /**
   * Every host is in it; otherwise those that changed since the message before
   */
  whole: boolean;
  summary: {
    at: string;
    /**
     * They sum to total, two a host
     */
    slots: {
      total: number;
      busy: number;
      warm: number;
      draining: number;
      held: number;
      free: number;
      phantom: number;
      unreachable: number;
      cordoned: number;
    };
    queue: {
      depth: number;
      oldestSince: string | null;
    };
    /**
     * How long the newest few hundred VMs of the fleet waited for a slot; null: none has yet
     */
    wait: {
      p50Ms: number | null;
      p95Ms: number | null;
    };
    lastHour: {
      /**
       * An hour ago, or when the control plane started
       */
      since: string;
      /**
       * VMs that came to their end as they should
       */
      ended: number;
      failed: number;
      /**
       * The most frequent first
       */
      failures: {
        reason: string;
        count: number;
      }[];
    };
    silentHosts: number;
  };
  hosts: {
    name: string;
    condition: "open" | "cordoned" | "draining" | "unreachable";
    /**
     * Since when it is not open; null when it is, or was never heard of
     */
    since: string | null;
    /**
     * Who cordoned it
     */
    by: ("person" | "breaker") | null;
    reason: string | null;
    labels: {
      [k: string]: string;
    };
    /**
     * What its doctor found
     */
    errors: number;
    warnings: number;
    agentIsBehind: boolean;
    linuxVms: number;
    slots: {
      slot: number;
      /**
       * warm: a pool's VM; draining: its VM ends; held: it has ended, and somebody wants to look into it; unreachable: its host is silent; cordoned: free, and nothing may have it
       */
      state: "busy" | "warm" | "draining" | "held" | "free" | "phantom" | "unreachable" | "cordoned";
      /**
       * null also for a VM of another team than the token's
       */
      vm: {
        id: string;
        name: string;
        team: string;
        image: string;
        state: VmState;
      } | null;
    }[];
  }[];
  /**
   * Hosts that left the fleet
   */
  removed: string[];
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
export interface CreatedToken {
  id: string;
  role: "admin" | "ci" | "viewer" | "host-enrolment";
  name: string;
  /**
   * null: the whole fleet
   */
  team: string | null;
  createdAt: string;
  expiresAt: string | null;
  /**
   * After a rotation: until when the secret before works
   */
  previousUntil: string | null;
  /**
   * To the minute
   */
  lastUsedAt: string | null;
  revokedAt: string | null;
  /**
   * For host-enrolment tokens
   */
  enrolment: {
    uses: number;
    /**
     * null: unlimited
     */
    maxUses: number | null;
    hostLabels: {
      [k: string]: string;
    };
  } | null;
  /**
   * Shown this once; only its hash is kept
   */
  token: string;
}
export interface EnrolledHost {
  name: string;
  /**
   * The host's own token; shown once
   */
  credential: string;
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
export interface History {
  series: string;
  from: string;
  to: string;
  step: "1m" | "5m" | "1h" | "6h" | "1d";
  lines: {
    /**
     * A team, a phase, a phase and an image, a state, a reason or an error; empty: the whole fleet. `(other)` holds those beyond 40
     */
    key: string;
    points: {
      /**
       * When its span began
       */
      at: string;
      /**
       * How many observations it is made of: waits, phases, samples (one a minute), ends
       */
      count: number;
      mean: number;
      max: number;
      /**
       * Of durations; off by at most 2.5 %
       */
      p50: number | null;
      p95: number | null;
    }[];
  }[];
}
export interface Host {
  name: string;
  connected: boolean;
  lastSeenAt: string | null;
  unreachableSince: string | null;
  machineId: string;
  /**
   * What VMs' hostLabels are compared with: its agent's, under the bound ones
   */
  labels: {
    [k: string]: string;
  };
  /**
   * Of the token that enrolled it; its agent cannot change them
   */
  boundLabels: {
    [k: string]: string;
  };
  /**
   * It gets nothing new while this is there
   */
  cordon: {
    by: string;
    reason: string;
    since: string;
    /**
     * It ends by itself then; null: when somebody uncordons the host
     */
    until: string | null;
    /**
     * The host is to become empty
     */
    drain: {
      deadlineAt: string;
      endVms: boolean;
      /**
       * Nothing of it runs there any more
       */
      isDone: boolean;
      /**
       * Its deadline has passed and VMs are left
       */
      isOverdue: boolean;
    } | null;
    /**
     * The control plane cordoned it because it fails
     */
    breaker: {
      /**
       * How often in a row it failed
       */
      trips: number;
      /**
       * When it is tried again
       */
      probeAt: string;
      /**
       * The next VM that fits decides whether it is sound
       */
      isProbing: boolean;
    } | null;
  } | null;
  slots: {
    slot: number;
    /**
     * null also for a VM of another team than the token's
     */
    vmId: string | null;
    attempt: number | null;
    state: "free" | "busy" | "phantom";
  }[];
  /**
   * Its agent is older than the control plane: upgrade it; a restart of the agent touches no VM
   */
  agentIsBehind: boolean;
  linuxVms: {
    vmId: string;
    attempt: number;
  }[];
  /**
   * null until the agent has connected once
   */
  facts: {
    agentVersion: string;
    tartVersion: string;
    /**
     * Version of the host's macOS
     */
    osVersion: string;
    arch: string;
    cpu: number;
    memoryMiB: number;
    diskTotalGiB: number;
    diskFreeGiB: number;
    labels: {
      [k: string]: string;
    };
    /**
     * @maxItems 1000
     */
    images: {
      reference: string;
      sizeGiB: number;
      /**
       * What the reference stands for on this host
       */
      digest?: string;
      /**
       * Its agent fetched it; others may be people's, and are not removed unasked
       */
      isOurs?: boolean;
      /**
       * When tart last used it; tart before 2.31 does not say
       */
      lastUsedAt?: string;
    }[];
    /**
     * What it fetches now; without it: its agent is too old to tell
     *
     * @maxItems 100
     */
    pulls?: {
      reference: string;
      percent: number;
      /**
       * What is to be fetched, compressed
       */
      totalBytes?: number;
    }[];
    /**
     * What it was told to fetch or remove, beside its VMs' images, and could not; without it: its agent is too old to be told to
     *
     * @maxItems 1000
     */
    imageFailures?: {
      work: "pull" | "remove";
      reference: string;
      grant: number;
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
    }[];
    /**
     * Tart VMs that are not tartfleet's; never touched
     *
     * @maxItems 1000
     */
    foreign: {
      name: string;
      os: string;
      running: boolean;
    }[];
    /**
     * Slots that the host itself found taken by something tartfleet did not ask for
     */
    phantomSlots: number;
    /**
     * What the host's doctor found; missing until it has looked, and from an agent without one
     *
     * @maxItems 64
     */
    findings?: {
      /**
       * What was looked at; stays the same over versions
       */
      code: string;
      state: "error" | "warning" | "unknown" | "ok";
      /**
       * A sentence for people
       */
      message: string;
      /**
       * The command that cures it; null when there is nothing to do
       */
      cure: string | null;
      /**
       * What was counted or measured, where that is a number to watch
       */
      value?: number;
    }[];
    /**
     * Its agent can ask registries what tags stand for; older agents cannot
     */
    resolvesTags?: boolean;
    /**
     * The agent knows how to keep VMs warm; without it, it gets none
     */
    keepsWarm?: boolean;
    /**
     * Kinds of tunnels that the agent can open; older agents can open none
     *
     * @maxItems 32
     */
    tunnelKinds?: string[];
  } | null;
  createdAt: string;
}
export interface Image {
  reference: string;
  /**
   * How many have it
   */
  hosts: number;
  /**
   * On the host where it is largest
   */
  sizeGiB: number;
  /**
   * What the name stands for, and where; the one that most hosts have comes first
   */
  digests: {
    /**
     * null: its agent is too old to tell
     */
    digest: string | null;
    hosts: string[];
  }[];
  /**
   * Connected hosts that fetch it now
   */
  pulling: {
    host: string;
    percent: number;
    /**
     * Compressed: as many as the percentage says
     */
    bytes: number | null;
    totalBytes: number | null;
  }[];
  /**
   * How long its VMs take to come up, phase by phase; without phases that none went through
   */
  times: {
    phase: "queued" | "assigned" | "pulling" | "cloning" | "booting" | "provisioning" | "run" | "stop";
    p50Seconds: number;
    p95Seconds: number;
    /**
     * Measured, of the newest few hundred
     */
    count: number;
  }[];
  /**
   * Hosts have different images under this name: the tag was moved since some pulled it
   */
  isMixed: boolean;
}
export interface ImagePlan {
  id: string;
  kind: "prepull" | "pin" | "channel";
  image: string;
  hostLabels: {
    [k: string]: string;
  };
  reason: string | null;
  by: string;
  createdAt: string;
  endedAt: string | null;
  /**
   * null: it stands; failed: no host could fetch it; ended: somebody ended it
   */
  outcome: ("done" | "failed" | "ended") | null;
  why: string | null;
  progress: {
    /**
     * Connected ones that it is for
     */
    hosts: number;
    there: number;
    pulling: number;
    /**
     * For others to have done with the registry
     */
    waiting: number;
    /**
     * Not there for the reasons in `problems`
     */
    failed: number;
    /**
     * Silent, cordoned or with too old an agent: not counted above; only the silent are waited for, and not for long
     */
    away: number;
    /**
     * On all of these hosts; null until one pull has told how many there are
     */
    bytes: number | null;
    totalBytes: number | null;
    pulls: {
      host: string;
      percent: number;
      bytes: number | null;
      totalBytes: number | null;
    }[];
    problems: {
      host: string;
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
      /**
       * null: it is not tried again there
       */
      retryAt: string | null;
    }[];
  } | null;
}
export interface Pool {
  name: string;
  image: string;
  os: "macos" | "linux";
  cpu: number | null;
  memoryMiB: number | null;
  diskGiB: number | null;
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
  /**
   * Its VMs are kept on hosts that carry all of these
   */
  hostLabels: {
    [k: string]: string;
  };
  /**
   * VMs that are kept booted and free, while there is room
   */
  minIdle: number;
  max: number;
  /**
   * A warm VM that nobody took is renewed at that age, or up to a fifth sooner, lest all are at once
   */
  maxAgeMinutes: number;
  /**
   * null: always
   */
  schedule: {
    timeZone: string;
    /**
     * @minItems 1
     * @maxItems 50
     */
    windows: {
      /**
       * Days on which it begins
       *
       * @minItems 1
       * @maxItems 7
       */
      days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
      from: string;
      /**
       * When it is over; at or before `from`: on the next day
       */
      to: string;
      /**
       * In this window, in place of the pool's
       */
      minIdle?: number;
    }[];
  } | null;
  /**
   * VMs that it keeps now, by its schedule
   */
  wanted: number;
  /**
   * VMs that a create can take now
   */
  idle: number;
  booting: number;
  /**
   * VMs that are being stopped
   */
  leaving: number;
  /**
   * VMs that took a warm one
   */
  hits: number;
  /**
   * VMs that the pool was there for and that had to be booted
   */
  misses: number;
  /**
   * How long its VMs have stood by in all
   */
  idleMinutes: number;
  /**
   * When its schedule may next want another number
   */
  nextChangeAt: string | null;
  /**
   * Its VMs failed to come up: until then none is tried, and then one
   */
  pausedUntil: string | null;
  /**
   * Why the newest of them failed, while it has not come up since
   */
  lastFailure: string | null;
}
export interface PrunedHost {
  host: string;
  diskFreeGiB: number;
  diskTotalGiB: number;
  /**
   * At most: blocks that VMs share with an image are free when those are gone
   */
  willBeFreeGiB: number;
  remove: {
    /**
     * All its names on the host
     */
    references: string[];
    digest: string | null;
    sizeGiB: number;
    lastUsedAt: string | null;
  }[];
  keep: {
    /**
     * All its names on the host
     */
    references: string[];
    digest: string | null;
    sizeGiB: number;
    lastUsedAt: string | null;
    why: string;
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
export interface QueuePage {
  /**
   * VMs that wait
   */
  total: number;
  /**
   * Lines that they stand in
   */
  lines: number;
  /**
   * The line whose first has waited longest, first
   */
  entries: {
    vm: VmSummary;
    /**
     * VMs in the line, it included
     */
    alike: number;
    explanation: Explanation;
  }[];
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
export interface RemovedHost {
  name: string;
  /**
   * false after a dry run
   */
  removed: boolean;
  vms: {
    vmId: string;
    state: string;
    /**
     * failed: host_removed; queued: it is tried on another host; ended: as it was about to
     */
    becomes: "failed" | "queued" | "ended";
  }[];
}
export interface Channel {
  name: string;
  /**
   * What its VMs get, but for those that a rollout has shifted
   */
  image: string;
  rollout: {
    image: string;
    /**
     * 0 while hosts fetch the image first
     */
    percent: number;
    /**
     * The image plan by which they do
     */
    prepull: string | null;
    samplesPerStep: number;
    startedAt: string;
    stepAt: string;
  } | null;
  /**
   * Newest first
   */
  decisions: {
    at: string;
    kind: "set" | "rollout" | "step" | "completed" | "rolled_back";
    by: string;
    image: string;
    /**
     * Of new VMs that get the image from then on
     */
    percent: number;
    why: string;
  }[];
}
export interface SlotReport {
  from: string;
  to: string;
  by: string[];
  /**
   * The labels that are kept, and that lines can be by
   */
  labels: string[];
  /**
   * The one with the most slot-minutes first; by day: in their order
   */
  lines: {
    /**
     * What the line is of, by `by`; `(other)` holds those beyond the bounds
     */
    key: {
      [k: string]: string | null;
    };
    /**
     * How long VMs waited for a slot, of waits that have ended: time in the queue, which costs no slot
     */
    waitingMinutes: number;
    /**
     * How long slots were taken: the sum of the kinds
     */
    slotMinutes: number;
    minutes: {
      /**
       * from the slot to ready: pulling, cloning, booting, setting the guest up
       */
      booting: number;
      /**
       * ready: the runner waits for its job or does it, or somebody works in the guest
       */
      working: number;
      /**
       * from the announced end until it was seen gone; an attempt that was given up until it was
       */
      draining: number;
      /**
       * stands by in a pool
       */
      warm: number;
      /**
       * kept for somebody to look at
       */
      held: number;
      /**
       * taken by something that tartfleet did not ask for
       */
      phantom: number;
    };
  }[];
  total: {
    /**
     * How long VMs waited for a slot, of waits that have ended: time in the queue, which costs no slot
     */
    waitingMinutes: number;
    /**
     * How long slots were taken: the sum of the kinds
     */
    slotMinutes: number;
    minutes: {
      /**
       * from the slot to ready: pulling, cloning, booting, setting the guest up
       */
      booting: number;
      /**
       * ready: the runner waits for its job or does it, or somebody works in the guest
       */
      working: number;
      /**
       * from the announced end until it was seen gone; an attempt that was given up until it was
       */
      draining: number;
      /**
       * stands by in a pool
       */
      warm: number;
      /**
       * kept for somebody to look at
       */
      held: number;
      /**
       * taken by something that tartfleet did not ask for
       */
      phantom: number;
    };
  };
}
export interface Team {
  name: string;
  /**
   * Slots that are the team's before anybody borrows; others use them while it does not
   */
  guaranteed: number;
  /**
   * Slots that it may hold at most; null for no bound
   */
  cap: number | null;
  /**
   * How it shares what nobody is guaranteed with the others
   */
  weight: number;
  /**
   * false: nobody set its share, and what holds for any team holds for it
   */
  isSet: boolean;
  /**
   * Slots that its VMs hold, those that are being stopped included
   */
  held: number;
  /**
   * Its VMs that wait
   */
  queued: number;
}
export interface Token {
  id: string;
  role: "admin" | "ci" | "viewer" | "host-enrolment";
  name: string;
  /**
   * null: the whole fleet
   */
  team: string | null;
  createdAt: string;
  expiresAt: string | null;
  /**
   * After a rotation: until when the secret before works
   */
  previousUntil: string | null;
  /**
   * To the minute
   */
  lastUsedAt: string | null;
  revokedAt: string | null;
  /**
   * For host-enrolment tokens
   */
  enrolment: {
    uses: number;
    /**
     * null: unlimited
     */
    maxUses: number | null;
    hostLabels: {
      [k: string]: string;
    };
  } | null;
}
export interface CreatedWebhook {
  name: string;
  /**
   * With … in place of its path and query
   */
  url: string;
  /**
   * What it is told of: types like vm.failed, vm.* for all of a kind, * for all
   *
   * @minItems 1
   * @maxItems 32
   */
  events: (
    | "*"
    | "vm.*"
    | "host.*"
    | "channel.*"
    | "vm.accepted"
    | "vm.assigned"
    | "vm.ready"
    | "vm.job_started"
    | "vm.end_announced"
    | "vm.attempt_failed"
    | "vm.ended"
    | "vm.failed"
    | "host.enrolled"
    | "host.connected"
    | "host.silent"
    | "host.cordoned"
    | "host.uncordoned"
    | "host.drain_overdue"
    | "host.breaker_opened"
    | "host.breaker_closed"
    | "host.removed"
    | "channel.completed"
    | "channel.rolled_back"
  )[];
  team: string | null;
  template: "json" | "slack";
  enabled: boolean;
  disabledReason: string | null;
  createdBy: string;
  createdAt: string;
  /**
   * Deliveries that wait for their first or next try
   */
  pending: number;
  /**
   * Deliveries that were given up, for `replay`
   */
  dead: number;
  lastDeliveredAt: string | null;
  /**
   * Of its newest failed try
   */
  lastFailure: {
    at: string;
    message: string;
  } | null;
  /**
   * After a rotation: until then the one before signs, too
   */
  previousSecretUntil: string | null;
  /**
   * Signs every delivery (standardwebhooks.com); shown this once
   */
  secret: string;
}
export interface Delivery {
  id: number;
  /**
   * The `webhook-id` header: the same at every try
   */
  messageId: string;
  type: string;
  /**
   * Like `VM …`, `host mac-1`
   */
  subject: string;
  /**
   * When it happened
   */
  at: string;
  state: "pending" | "dead";
  tries: number;
  nextTryAt: string | null;
  deadAt: string | null;
  /**
   * HTTP status of the newest try's answer
   */
  status: number | null;
  /**
   * What became of the newest try
   */
  message: string | null;
}
export interface Webhook {
  name: string;
  /**
   * With … in place of its path and query
   */
  url: string;
  /**
   * What it is told of: types like vm.failed, vm.* for all of a kind, * for all
   *
   * @minItems 1
   * @maxItems 32
   */
  events: (
    | "*"
    | "vm.*"
    | "host.*"
    | "channel.*"
    | "vm.accepted"
    | "vm.assigned"
    | "vm.ready"
    | "vm.job_started"
    | "vm.end_announced"
    | "vm.attempt_failed"
    | "vm.ended"
    | "vm.failed"
    | "host.enrolled"
    | "host.connected"
    | "host.silent"
    | "host.cordoned"
    | "host.uncordoned"
    | "host.drain_overdue"
    | "host.breaker_opened"
    | "host.breaker_closed"
    | "host.removed"
    | "channel.completed"
    | "channel.rolled_back"
  )[];
  team: string | null;
  template: "json" | "slack";
  enabled: boolean;
  disabledReason: string | null;
  createdBy: string;
  createdAt: string;
  /**
   * Deliveries that wait for their first or next try
   */
  pending: number;
  /**
   * Deliveries that were given up, for `replay`
   */
  dead: number;
  lastDeliveredAt: string | null;
  /**
   * Of its newest failed try
   */
  lastFailure: {
    at: string;
    message: string;
  } | null;
  /**
   * After a rotation: until then the one before signs, too
   */
  previousSecretUntil: string | null;
}
export interface WebhookTry {
  delivered: boolean;
  /**
   * HTTP status of the answer; null when there was none
   */
  status: number | null;
  message: string;
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
  state: VmState;
  attempt: number;
  source: "client" | "host" | "guest" | "hook" | "ci" | "timer" | "control_plane";
  message: string;
  data: {
    [k: string]: unknown;
  };
}
export interface VmPage {
  vms: VmSummary[];
  nextCursor: string | null;
}
/**
 * Every call, by method and path.
 *
 * This interface was referenced by `Wire`'s JSON-Schema
 * via the `definition` "Operations".
 */
export interface Operations {
  "POST /v1/vms": {
    body: CreateVm;
    answer: VmRecord;
  };
  "GET /v1/vms": {
    query: {
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
    };
    answer: VmPage;
  };
  "GET /v1/vms/{id}": {
    answer: VmRecord;
  };
  "DELETE /v1/vms/{id}": {
    query: {
      phase?: "job_hook" | "runner_exited";
      /**
       * Why the runner was ended by its own guest
       */
      cause?: "no_job";
      /**
       * Exit code of the runner's process
       */
      rc?: number;
      /**
       * The private IP that the guest believes it has
       */
      ip?: string;
      jobId?: string;
    };
    answer: VmRecord;
  };
  "GET /v1/vms/{id}/explain": {
    answer: Explanation;
  };
  "GET /v1/vms/{id}/wait": {
    query: {
      for: "ready" | "ended";
      timeoutSeconds?: number;
    };
    answer: VmRecord;
  };
  "POST /v1/vms/{id}/hold": {
    body: HoldVm;
    answer: VmRecord;
  };
  "DELETE /v1/vms/{id}/hold": {
    answer: VmRecord;
  };
  "POST /v1/vms/{id}/events": {
    body: {
      type: "job_started";
      details?: {
        runId?: string;
        runAttempt?: string;
        job?: string;
        repository?: string;
      };
    };
    answer: VmRecord;
  };
  "GET /v1/vms/{id}/events": {
    query: {
      /**
       * Only events after the one with this id
       */
      after?: number;
      limit?: number;
    };
    answer: {
      events: VmEvent[];
    };
  };
  "GET /v1/hosts": {
    answer: {
      hosts: Host[];
    };
  };
  "POST /v1/hosts": {
    body: EnrolHost;
    answer: EnrolledHost;
  };
  "GET /v1/hosts/{name}": {
    answer: Host;
  };
  "DELETE /v1/hosts/{name}": {
    query: {
      /**
       * Also with VMs there
       */
      force?: string;
      /**
       * Only says what would happen
       */
      dryRun?: string;
    };
    answer: RemovedHost;
  };
  "DELETE /v1/hosts/{name}/credential": {
    answer: null;
  };
  "POST /v1/hosts/{name}/cordon": {
    body: CordonHost;
    answer: Host;
  };
  "POST /v1/hosts/{name}/uncordon": {
    answer: Host;
  };
  "POST /v1/hosts/{name}/drain": {
    body: DrainHost;
    answer: Host;
  };
  "GET /v1/fleet/capacity": {
    query: {
      image?: string;
      /**
       * Default: the token's
       */
      team?: string;
      priority?: string;
      /**
       * Default: macos
       */
      os?: "macos" | "linux";
      cpu?: number;
      memoryMiB?: number;
      /**
       * Comma-separated key=value; the host must carry all of these
       */
      hostLabels?: string;
    };
    answer: Capacity;
  };
  "GET /v1/attempts": {
    query: {
      host?: string;
      image?: string;
      limit?: number;
    };
    answer: {
      attempts: Attempt[];
    };
  };
  "GET /v1/fleet/board": {
    answer: Board;
  };
  "GET /v1/fleet/changes": {
    answer: {
      topics: (
        | "vms"
        | "queue"
        | "hosts"
        | "images"
        | "channels"
        | "pools"
        | "teams"
        | "tokens"
        | "webhooks"
        | "history"
        | "audit"
      )[];
    };
  };
  "GET /v1/fleet/queue": {
    query: {
      limit?: number;
    };
    answer: QueuePage;
  };
  "GET /v1/images": {
    answer: {
      images: Image[];
    };
  };
  "POST /v1/images/prune": {
    body: PruneImages;
    answer: {
      hosts: PrunedHost[];
    };
  };
  "GET /v1/image-plans": {
    answer: {
      plans: ImagePlan[];
    };
  };
  "POST /v1/image-plans": {
    body: PlanImage;
    answer: ImagePlan;
  };
  "GET /v1/image-plans/{id}": {
    answer: ImagePlan;
  };
  "DELETE /v1/image-plans/{id}": {
    answer: ImagePlan;
  };
  "GET /v1/teams": {
    answer: {
      teams: Team[];
    };
  };
  "GET /v1/teams/{name}": {
    answer: Team;
  };
  "PUT /v1/teams/{name}": {
    body: SetShare;
    answer: Team;
  };
  "DELETE /v1/teams/{name}": {
    answer: null;
  };
  "GET /v1/channels": {
    answer: {
      channels: Channel[];
    };
  };
  "GET /v1/channels/{name}": {
    answer: Channel;
  };
  "PUT /v1/channels/{name}": {
    body: SetChannel;
    answer: Channel;
  };
  "DELETE /v1/channels/{name}": {
    answer: null;
  };
  "POST /v1/channels/{name}/rollout": {
    body: RollOut;
    answer: Channel;
  };
  "POST /v1/channels/{name}/rollback": {
    answer: Channel;
  };
  "GET /v1/pools": {
    answer: {
      pools: Pool[];
    };
  };
  "GET /v1/pools/{name}": {
    answer: Pool;
  };
  "PUT /v1/pools/{name}": {
    body: SetPool;
    answer: Pool;
  };
  "DELETE /v1/pools/{name}": {
    answer: null;
  };
  "POST /v1/tokens": {
    body: CreateToken;
    answer: CreatedToken;
  };
  "GET /v1/tokens": {
    answer: {
      tokens: Token[];
    };
  };
  "POST /v1/tokens/{id}/rotate": {
    body: RotateToken;
    answer: CreatedToken;
  };
  "DELETE /v1/tokens/{id}": {
    answer: null;
  };
  "GET /v1/history": {
    query: {
      /**
       * wait: how long VMs waited for a slot, of each wait that ended with one [seconds]; boot: how long the phases of a bring-up took that came to their end, by phase [seconds]; slots: the fleet's macOS slots by state, each slot under one [slots]; queue: how many VMs wait for a slot [VMs]; ends: VMs that came to their end, by reason [VMs]; failures: attempts that failed, by error [attempts]
       */
      series: "wait" | "boot" | "slots" | "queue" | "ends" | "failures";
      /**
       * wait by team; boot by image, which gives each phase of each image a line of its own
       */
      by?: "team" | "image";
      /**
       * With by=team: that team alone
       */
      team?: string;
      /**
       * Default: a day before `to`
       */
      from?: string;
      /**
       * Instead of `from`: how long before `to` it begins
       */
      lastSeconds?: number;
      /**
       * Default: now
       */
      to?: string;
      /**
       * How far apart points are. Default: the finest that gives at most 400 and is still kept
       */
      step?: "1m" | "5m" | "1h" | "6h" | "1d";
    };
    answer: History;
  };
  "GET /v1/webhooks": {
    answer: {
      webhooks: Webhook[];
    };
  };
  "POST /v1/webhooks": {
    body: CreateWebhook;
    answer: CreatedWebhook;
  };
  "GET /v1/webhooks/{name}": {
    answer: Webhook;
  };
  "PATCH /v1/webhooks/{name}": {
    body: ChangeWebhook;
    answer: Webhook;
  };
  "DELETE /v1/webhooks/{name}": {
    answer: null;
  };
  "POST /v1/webhooks/{name}/rotate": {
    body: {
      /**
       * How long deliveries are signed with the secret before as well
       */
      graceSeconds?: number;
    };
    answer: CreatedWebhook;
  };
  "POST /v1/webhooks/{name}/test": {
    answer: WebhookTry;
  };
  "GET /v1/webhooks/{name}/deliveries": {
    query: {
      state?: "pending" | "dead";
      /**
       * Only those after the one with this id
       */
      after?: number;
      limit?: number;
    };
    answer: {
      deliveries: Delivery[];
    };
  };
  "POST /v1/webhooks/{name}/replay": {
    body: {
      /**
       * One of its dead deliveries; without it, all of them
       */
      id?: number;
    };
    answer: {
      replayed: number;
    };
  };
  "GET /v1/reports/slot-minutes": {
    query: {
      /**
       * First day, in UTC (default: 29 days before the last)
       */
      from?: string;
      /**
       * Last day, in UTC (default: today)
       */
      to?: string;
      /**
       * Comma-separated: what lines are by. `host` goes with `day` alone
       */
      by?: string;
      /**
       * That team's alone; a token of a team is told its team's in any case
       */
      team?: string;
    };
    answer: SlotReport;
  };
  "GET /v1/audit": {
    query: {
      /**
       * Go on after the row with this seq
       */
      after?: number;
      limit?: number;
      /**
       * Which comes first
       */
      order?: "oldest" | "newest";
      /**
       * Exactly as in the rows
       */
      actor?: string;
      action?: string;
      /**
       * Exactly as in the rows
       */
      subject?: string;
      /**
       * Not older than this, by the control plane's clock
       */
      since?: string;
    };
    answer: AuditPage;
  };
}
