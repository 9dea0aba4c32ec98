import type { ChannelRecord, ImagePlanRecord, PoolRecord, PrunedHost } from "@tartfleet/shared";
import type {
  HistoryAnswer,
  SlotReport,
  Capacity,
  CapacityRoom,
  Explanation,
  Finding,
  HostRecord,
} from "@tartfleet/shared";

const AT = "2026-01-01T00:00:00.000Z";

const FINDINGS: Finding[] = [
  {
    code: "sleep",
    state: "warning",
    message: "This Mac does not sleep, but stays off after a power failure.",
    cure: "sudo pmset -a autorestart 1",
  },
  { code: "gui_session", state: "ok", message: "The agent's user is logged in at the screen.", cure: null },
  {
    code: "keychain",
    state: "error",
    message: "The login keychain is locked; macOS VMs do not start without it.",
    cure: "security unlock-keychain login.keychain",
  },
  {
    code: "clock",
    state: "unknown",
    message: "The control plane, whose clock counts, did not answer.",
    cure: null,
  },
  {
    code: "disk",
    state: "warning",
    message: "40 of 926 GiB are free.",
    cure: "tart prune --entries caches --older-than 7",
  },
];

export function hostRecord(name: string, change: Partial<HostRecord> = {}): HostRecord {
  return {
    name,
    connected: true,
    lastSeenAt: AT,
    unreachableSince: change.connected === false ? AT : null,
    machineId: `machine-${name}`,
    labels: { xcode: "16", rack: "b4" },
    boundLabels: { rack: "b4" },
    cordon: null,
    slots: [
      { slot: 0, vmId: "aaaabbbbccccdddd", attempt: 1, state: "busy" },
      { slot: 1, vmId: null, attempt: null, state: "phantom" },
    ],
    agentIsBehind: name === "mac-2",
    linuxVms: [],
    facts: {
      agentVersion: "0.1.0",
      tartVersion: "2.30.0",
      osVersion: "15.5",
      arch: "arm64",
      cpu: 12,
      memoryMiB: 32_768,
      diskTotalGiB: 926,
      diskFreeGiB: 411,
      labels: { xcode: "16" },
      images: [
        {
          reference: "ghcr.io/org/image:15",
          sizeGiB: 31.25,
          digest: `sha256:${"4f2a".repeat(16)}`,
          lastUsedAt: AT,
        },
      ],
      pulls: [{ reference: "ghcr.io/org/image:16", percent: 42, totalBytes: 25_400_000_000 }],
      foreign: [{ name: "somebodys-vm", os: "macos", running: true }],
      phantomSlots: 1,
      // The agent of the second one is of before there was a doctor.
      ...(name === "mac-2" ? {} : { findings: FINDINGS }),
    },
    createdAt: AT,
    ...change,
  };
}

export function capacityRecord(asks = false): Capacity {
  const slots = { total: 4, busy: 1, free: 1, phantom: 1, unreachable: 1, cordoned: 0 };
  const room: CapacityRoom = {
    team: "ios",
    image: "ghcr.io/org/image:15",
    startNow: 2,
    withImage: 1,
    limitedBy: "share",
    teamHolds: 2,
    teamCap: 4,
    waiting: 3,
    frees: { withinSeconds: 900, expected: 5.6, p50: 6, p90: 4 },
  };
  return {
    ...(asks ? { room } : {}),
    slots,
    queued: 3,
    byHostLabel: [{ label: "xcode=16", ...slots }],
    byImage: [{ image: "ghcr.io/org/image:15", hosts: 2, free: 1, queued: 3, running: 1 }],
  };
}

/** Of a VM that waits. */
export function explanation(vmId: string): Explanation {
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000 + 500).toISOString();
  return {
    vmId,
    state: "queued",
    at: AT,
    summary: "It waits, number 3 of 12 in class default of team ios: a VM on one of 14 full hosts must end.",
    details: ["17 hosts: 14 full; 2 cordoned by ana: os upgrade; 1 silent."],
    waiting: {
      position: {
        team: "ios",
        priority: "default",
        inClass: 3,
        ofClass: 12,
        inTeam: 3,
        ofTeam: 12,
        waiting: 12,
      },
      hosts: {
        total: 17,
        groups: [
          { reason: "slots", hosts: 14, names: ["mac-1", "mac-2"], text: "full" },
          { reason: "cordoned", hosts: 2, names: ["mac-3", "mac-4"], text: "cordoned by ana: os upgrade" },
          { reason: "silent", hosts: 1, names: ["mac-5"], text: "silent" },
        ],
      },
      unblock: { what: "slots", text: "a VM on one of 14 full hosts must end." },
      eta: {
        startP50: at(4),
        startP90: at(11),
        readyP50: at(5),
        readyP90: at(12),
        isExtrapolated: false,
        runs: 213,
      },
      etaUnknown: null,
    },
    phase: {
      phase: "queued",
      since: AT,
      seconds: 60,
      usual: null,
      isSlow: false,
      endsBy: null,
    },
  };
}

/** A host from which one image goes. */
export function prunedHost(host: string): PrunedHost {
  const image = { digest: null, sizeGiB: 31.25, lastUsedAt: AT };
  return {
    host,
    diskFreeGiB: 40,
    diskTotalGiB: 500,
    willBeFreeGiB: 71,
    remove: [{ ...image, references: ["ghcr.io/org/image:14"] }],
    keep: [{ ...image, references: ["ghcr.io/org/image:15"], why: "it is pinned" }],
  };
}

/** A pre-pull that is under way. */
export function imagePlanRecord(id = "planplanplan"): ImagePlanRecord {
  return {
    id,
    kind: "prepull",
    image: "ghcr.io/org/image:16",
    hostLabels: {},
    reason: null,
    by: "token ana (ana0)",
    createdAt: AT,
    endedAt: null,
    outcome: null,
    why: null,
    progress: {
      hosts: 4,
      there: 1,
      pulling: 1,
      waiting: 1,
      failed: 1,
      away: 2,
      bytes: 36_068_000_000,
      totalBytes: 101_600_000_000,
      pulls: [{ host: "mac-3", percent: 42, bytes: 10_668_000_000, totalBytes: 25_400_000_000 }],
      problems: [{ host: "mac-4", code: "image_auth_failed", message: "Log in there.", retryAt: null }],
    },
  };
}

/** A channel whose last rollout was rolled back. */
export function channelRecord(name = "xcode-16"): ChannelRecord {
  const at = "2026-03-01T10:00:00.000Z";
  const why = "It fails more often: 3 of 3 attempts failed against 0 of 40 attempts failed.";
  const image = "ghcr.io/org/xcode:2";
  return {
    name,
    image: "ghcr.io/org/xcode:1",
    rollout: null,
    decisions: [{ at, kind: "rolled_back", by: "control plane", image, percent: 0, why }],
  };
}

/** A pool of which one VM stands by. */
export function poolRecord(name = "xcode"): PoolRecord {
  return {
    name,
    image: "ghcr.io/org/xcode:1",
    os: "macos",
    cpu: null,
    memoryMiB: 8192,
    diskGiB: null,
    run: {},
    hostLabels: { rack: "b4" },
    minIdle: 2,
    max: 3,
    maxAgeMinutes: 1440,
    schedule: null,
    wanted: 2,
    idle: 1,
    booting: 1,
    leaving: 0,
    hits: 30,
    misses: 10,
    idleMinutes: 123.4,
    nextChangeAt: null,
    pausedUntil: null,
    lastFailure: null,
  };
}

/** An hour of waits, in which two spans had some. */
export function historyOf(series: string): HistoryAnswer {
  const point = (minute: number, count: number, p95: number) => ({
    at: `2026-01-01T00:${String(minute).padStart(2, "0")}:00.000Z`,
    count,
    mean: p95 / 2,
    max: 2 * p95,
    p50: p95 / 2,
    p95,
  });
  return {
    series,
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-01-01T01:00:00.000Z",
    step: "5m",
    lines: series === "wait" ? [{ key: "", points: [point(0, 3, 30), point(30, 1, 240)] }] : [],
  };
}

/** Of a team whose name is as bad for a spreadsheet as can be, and of nobody. */
export function slotReport(by: string[]): SlotReport {
  const minutes = { booting: 2.5, working: 60, draining: 1, warm: 0, held: 0, phantom: 0 };
  const sums = { waitingMinutes: 12.25, slotMinutes: 63.5, minutes };
  const key = (value: string | null) => Object.fromEntries(by.map((each) => [each, value]));
  const lines = [
    { key: key('=a,"b"'), ...sums },
    { key: key(null), ...sums },
  ];
  return { from: "2026-03-01", to: "2026-03-30", by, labels: [], lines, total: sums };
}
