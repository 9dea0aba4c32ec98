import { expect, test } from "vitest";
import { allInvariants } from "../src/audit/auditor.ts";
import type { VmRow } from "../src/audit/view.ts";
import { CANARY } from "../src/fleet/clients.ts";
import { attempt, auditLog, event, instance, INSTANCE, moment, VM, vm, type Scene } from "./support/views.ts";

const ACTS: [string, string][] = [
  ["vm.create", `VM ${VM}`],
  ["host.connect", "host host-1"],
  ["host.connect", "host host-2"],
];
const SOUND: Scene = { events: [event()], machines: [[instance(INSTANCE)]], audit: auditLog(...ACTS) };
/** Rolls an image out to one in ten. */
const CHANNEL = { name: "xcode", image: "i:1", next: "i:2", percent: 10, lastDecision: "step" };
const HOST_1 = { id: 1, name: "host-1" };
const LARGE = vm({ state: "queued", hostId: null, attempt: 0, cpu: 8 });
/** One VM waits for long; another one is placed, or about to be. */
const overtaking = (isPlaced: boolean, placed: Partial<VmRow>, waits: Partial<VmRow>): Scene => ({
  now: isPlaced ? 5000 : 0,
  vms: [
    vm({ ...placed, ...(isPlaced ? {} : { state: "queued", hostId: null, attempt: 0 }) }),
    vm({ id: "waits", state: "queued", hostId: null, attempt: 0, ...waits }),
  ],
  attempts: isPlaced ? [attempt()] : [],
});
const NEXT: Scene = { machines: [[instance(INSTANCE)]] };

/** Moments that follow each other; the last one breaks the invariant. */
const BROKEN: [invariant: string, how: string, scenes: Scene[]][] = [
  [
    "two-macs-per-host",
    "three run",
    [{ ...SOUND, machines: [[instance(INSTANCE), instance("somebodys-1"), instance("somebodys-2")]] }],
  ],
  [
    "two-macs-per-host",
    "a third slot",
    [{ ...SOUND, slots: [0, 1, 2].map((slot) => ({ hostId: 1, slot })) }],
  ],
  [
    "two-macs-per-host",
    "two attempts in one slot",
    [{ ...SOUND, attempts: [attempt(), attempt({ vmId: "other", slot: 0 })] }],
  ],
  [
    "attempt-lives-once",
    "on two hosts",
    [{ ...SOUND, machines: [[instance(INSTANCE)], [instance(INSTANCE)]] }],
  ],
  [
    "attempt-lives-once",
    "its runner was started twice",
    [{ ...SOUND, ledger: ({ runnerStarts }) => void runnerStarts.set(INSTANCE, 2) }],
  ],
  [
    "no-lost-create",
    "an acknowledged VM is not there",
    [{ ...SOUND, ledger: ({ acknowledged }) => void acknowledged.add("nobody") }],
  ],
  [
    "no-lost-create",
    "an end without a reason",
    [{ vms: [vm({ state: "deleted", endedAt: 5 })], attempts: [attempt({ want: "gone", goneAt: 5 })] }],
  ],
  [
    "digests-hold",
    "an instance is of another image",
    [{ ...SOUND, vms: [vm({ resolution: "digest", digest: "sha256:a" })] }],
  ],
  [
    "digests-hold",
    "what a tag stands for is found out twice",
    [
      { vms: [vm({ state: "queued", attempt: 0, resolution: "digest", digest: "sha256:a" })], attempts: [] },
      { vms: [vm({ state: "queued", attempt: 0, resolution: "digest", digest: "sha256:b" })], attempts: [] },
    ],
  ],
  [
    "digests-hold",
    "a VM is placed before its tag is resolved",
    [{ ...SOUND, vms: [vm({ resolution: "waiting" })] }],
  ],
  [
    "digests-hold",
    "a VM waits without end",
    [5000, 40_000].map((now) => ({
      now,
      vms: [vm({ state: "queued", attempt: 0, hostId: null, resolution: "waiting" })],
      attempts: [],
    })),
  ],
  [
    "channels-hold",
    "a VM gets an image that its channel does not have",
    [
      { ...SOUND, vms: [], channels: [CHANNEL] },
      { ...SOUND, vms: [vm({ channel: "xcode", image: "i:9" })], channels: [CHANNEL] },
    ],
  ],
  [
    "channels-hold",
    "a VM gets an image that hosts only fetch",
    [{ ...SOUND, vms: [vm({ channel: "xcode", image: "i:2" })], channels: [{ ...CHANNEL, percent: 0 }] }],
  ],
  ["channels-hold", "a VM's image changes", [SOUND, { ...SOUND, vms: [vm({ image: "i:9" })] }]],
  [
    "channels-hold",
    "what goes back has the new image",
    [
      { ...SOUND, channels: [CHANNEL] },
      {
        ...SOUND,
        channels: [{ ...CHANNEL, image: "i:2", next: null, percent: null, lastDecision: "rolled_back" }],
      },
    ],
  ],
  [
    "ends-are-final",
    "an ended VM lives again",
    [{ vms: [vm({ state: "failed", endedAt: 5, endReason: "guest_crashed" })], attempts: [] }, NEXT],
  ],
  ["ends-are-final", "an attempt counts down", [{ ...SOUND, vms: [vm({ attempt: 2 })] }, NEXT]],
  ["ends-are-final", "a VM vanishes", [SOUND, { vms: [] }]],
  [
    "ends-are-final",
    "a history after the end",
    [
      {
        ...SOUND,
        events: [event({ state: "deleted" }), event({ id: 2, type: "evidence", state: "deleted" })],
      },
    ],
  ],
  ["slots-add-up", "a ready VM without an attempt", [{ ...SOUND, attempts: [] }]],
  [
    "slots-add-up",
    "a queued VM that is wanted",
    [{ ...SOUND, vms: [vm({ state: "queued", hostId: null })] }],
  ],
  [
    "slots-add-up",
    "an ended VM that holds its slot",
    [
      {
        vms: [vm({ state: "deleted", endedAt: 5, endReason: "client" })],
        attempts: [attempt({ want: "gone" })],
      },
    ],
  ],
  [
    "slots-add-up",
    "two attempts wanted",
    [{ ...SOUND, attempts: [attempt(), attempt({ attempt: 2, slot: 1 })] }],
  ],
  [
    "freed-slots-are-empty",
    "it runs and is written down as gone",
    [{ ...SOUND, attempts: [attempt({ want: "gone", goneAt: 5 })] }],
  ],
  [
    "reasons-are-true",
    "a crash that never was",
    [SOUND, { vms: [vm({ state: "stopping", endReason: "guest_crashed" })] }],
  ],
  [
    "reasons-are-true",
    "a client that never asked",
    [SOUND, { vms: [vm({ state: "stopping", endReason: "client" })] }],
  ],
  [
    "reasons-are-true",
    "a TTL that is not over",
    [SOUND, { vms: [vm({ state: "stopping", endReason: "ttl", expiresAt: 9_000_000 })] }],
  ],
  [
    "reasons-are-true",
    "a job that is put back into the queue",
    [
      { ...SOUND, vms: [vm({ jobState: "started" })] },
      { vms: [vm({ state: "queued", jobState: "started" })] },
    ],
  ],
  [
    "jobs-die-by-right",
    "an agent stops a job that nobody has ended",
    [
      {
        vms: [vm({ jobState: "started" })],
        ledger({ jobs, endedByAgent }) {
          jobs.add(INSTANCE);
          endedByAgent.add(INSTANCE);
        },
      },
    ],
  ],
  [
    "nothing-unwanted-stays",
    "an instance that nobody wants",
    [0, 301_000].map((now) => ({ now, attempts: [], machines: [[instance(INSTANCE, false)]] })),
  ],
  [
    "guests-speak-for-themselves",
    "a guest that was heard for another VM",
    [{ ledger: ({ strangers }) => void strangers.push({ vmId: VM, status: 202 }) }],
  ],
  [
    "guests-speak-for-themselves",
    "a guest's word that was never said",
    [{ events: [event({ type: "end_announced", source: "guest" })] }],
  ],
  ["no-secret-shown", "in a log", [{ said: [`info provisioning ${CANARY}`] }]],
  ["no-secret-shown", "in the history", [{ events: [event({ message: CANARY })] }]],
  ["history-is-whole", "a gap", [{ events: [event({ id: 1 }), event({ id: 3 })] }]],
  ["history-is-whole", "a change that it does not tell", [{ events: [event({ state: "booting" })] }]],
  ["acts-are-audited", "a gap", [{ ...SOUND, audit: auditLog(...ACTS).toSpliced(1, 1) }]],
  ["acts-are-audited", "a VM that nobody asked for", [{ ...SOUND, audit: auditLog(...ACTS.slice(1)) }]],
  [
    "acts-are-audited",
    "an act that is written down twice",
    [{ ...SOUND, audit: auditLog(...ACTS, ...ACTS.slice(0, 1)) }],
  ],
  [
    "acts-are-audited",
    "a session that is not written down",
    [{ ...SOUND, audit: auditLog(...ACTS.slice(0, 2)) }],
  ],
  [
    "restarts-end-nothing",
    "a timer that strikes before anybody can have come back",
    [{ now: 20_000, events: [event({ type: "attempt_failed", source: "timer" })] }],
  ],
  [
    "restarts-end-nothing",
    "a host that is given up before its grace is over",
    [{ now: 60_000, events: [event({ type: "attempt_failed", data: '{"error":{"code":"host_silent"}}' })] }],
  ],
  [
    "placements-fit",
    "a placement where a phantom has the slot",
    [
      { ...NEXT, phantoms: 1 },
      { ...NEXT, phantoms: 1, attempts: [attempt(), attempt({ vmId: "other", slot: 1 })] },
    ],
  ],
  [
    "cordons-hold",
    "a placement on a host that is cordoned",
    [
      { ...NEXT, cordonedSince: 7 },
      { ...NEXT, cordonedSince: 7, attempts: [attempt(), attempt({ vmId: "other", slot: 1 })] },
    ],
  ],
  [
    "drains-end",
    "a deadline of which nobody is told",
    [
      { ...NEXT, now: 10_000, drainUntil: 9000 },
      { ...NEXT, now: 13_000, drainUntil: 9000 },
    ],
  ],
  ["drains-end", "a cordon that stays", [{ ...NEXT, now: 13_000, cordonedUntil: 9000 }]],
  [
    "removals-hold",
    "a host that is taken out with VMs on it unasked",
    [NEXT, { ...NEXT, attempts: [attempt({ want: "gone", goneAt: 5 })], vms: [], removedHosts: [HOST_1] }],
  ],
  [
    "removals-hold",
    "an attempt that stays on a host that is out",
    [{ ...NEXT, vms: [], removedHosts: [HOST_1] }],
  ],
  [
    "removals-hold",
    "a VM that is placed on a host that is out",
    [
      { ...NEXT, attempts: [], vms: [], removedHosts: [HOST_1] },
      { ...NEXT, attempts: [attempt({ want: "gone", goneAt: 5 })], removedHosts: [HOST_1] },
    ],
  ],
  [
    "removals-hold",
    "a credential that outlives its host",
    Array.from({ length: 20 }, () => ({
      vms: [],
      attempts: [],
      removedHosts: [HOST_1],
      ledger: ({ formerCredentials }) => void formerCredentials.add("tartfleet_host"),
    })),
  ],
  [
    "holds-hold",
    "a VM that is stopped while somebody holds it",
    [
      { ...SOUND, vms: [vm({ holdUntil: 600_000 })] },
      { vms: [vm({ state: "stopping", endReason: "runner_exited", holdUntil: 600_000 })] },
    ],
  ],
  [
    "reasons-are-true",
    "a host that nobody took out",
    [SOUND, { vms: [vm({ state: "failed", endedAt: 5, endReason: "host_removed" })] }],
  ],
  [
    "sizes-fit",
    "two whole Macs on one",
    [
      {
        vms: [vm({ cpu: 8 }), vm({ id: "other", cpu: 8 })],
        attempts: [attempt(), attempt({ vmId: "other", slot: 1 })],
      },
    ],
  ],
  [
    "large-ones-get-in",
    "small ones on every host while a large one waits",
    [
      [],
      [attempt({ vmId: "small" })],
      [attempt({ vmId: "small" }), attempt({ vmId: "less", hostId: 2 })],
    ].map((attempts, index) => ({
      now: 200_000 + index * 3000,
      attempts,
      vms: [vm({ id: "small" }), vm({ id: "less" }), LARGE],
    })),
  ],
  [
    "budgets-count-served-time",
    "a wait that is cut short",
    [
      { ...SOUND, vms: [vm({ state: "queued", hostId: null, queueTimeoutMs: 60_000 })], attempts: [] },
      { vms: [vm({ state: "failed", endedAt: 30_000, endReason: "queue_timeout" })], now: 30_000 },
    ],
  ],
  [
    "budgets-count-served-time",
    "a phase that is cut short",
    [
      {
        ...SOUND,
        vms: [vm({ state: "booting" })],
        events: [event({ state: "booting", data: '{"budgetSeconds":600}' })],
      },
      {
        vms: [vm({ state: "queued", hostId: null })],
        events: [
          event({
            type: "attempt_failed",
            state: "queued",
            data: '{"error":{"code":"phase_timeout"},"phase":"booting"}',
          }),
        ],
        now: 500_000,
      },
    ],
  ],
  [
    "idle-runners-end",
    "a runner that waits for ever",
    [
      {
        now: 2_000_000,
        ledger: ({ idleUntil }) => void idleUntil.set(INSTANCE, { vmId: VM, until: 1_000_000 }),
      },
    ],
  ],
  [
    "reasons-are-true",
    "no job where there was one",
    [
      SOUND,
      {
        vms: [vm({ state: "stopping", endReason: "no_job" })],
        ledger(ledger) {
          ledger.guestSays(VM, 1, "no_job");
          ledger.hadJob.add(INSTANCE);
        },
      },
    ],
  ],
  [
    "shares-hold",
    "a team beyond its cap",
    [
      { ...NEXT, shares: [{ team: "default", guaranteed: 0, cap: 1 }] },
      {
        vms: [vm(), vm({ id: "second" })],
        attempts: [attempt(), attempt({ vmId: "second", slot: 1 })],
        shares: [{ team: "default", guaranteed: 0, cap: 1 }],
      },
    ],
  ],
  [
    "shares-hold",
    "a VM that overtakes another of its class",
    [false, true].map((isPlaced) => overtaking(isPlaced, { createdAt: 1 }, {})),
  ],
  [
    "shares-hold",
    "a VM that overtakes one of a more urgent class",
    [false, true].map((isPlaced) => overtaking(isPlaced, { priority: "batch" }, { createdAt: 1000 })),
  ],
  [
    "shares-hold",
    "a team that borrows what another is guaranteed",
    [false, true].map((isPlaced) => ({
      ...overtaking(isPlaced, {}, { team: "games" }),
      shares: [{ team: "games", guaranteed: 1, cap: null }],
    })),
  ],
  [
    "queue-moves",
    "a VM that waits beside a free slot",
    [0, 3000].map((now) => ({ now, vms: [vm({ state: "queued", hostId: null, attempt: 0 })], attempts: [] })),
  ],
  ...[
    { how: "a host that says nothing", explained: { hosts: 1, what: "slots" }, times: [0] },
    { how: "a VM that nothing keeps", explained: { hosts: 2, what: "placing" }, times: [0, 3000] },
  ].map(({ how, explained, times }): [string, string, Scene[]] => {
    const waits = { vms: [vm({ state: "queued", hostId: null, attempt: 0 })], attempts: [] };
    // It does not look at every moment.
    const before = Array.from({ length: 19 }, () => waits);
    return ["waits-are-explained", how, [...before, ...times.map((now) => ({ ...waits, now, explained }))]];
  }),
  [
    "secrets-reach-one-host",
    "a bootstrap for another host",
    [
      {
        ledger: ({ handedOut }) => void handedOut.push({ hostName: "host-2", vmId: VM, attempt: 1 }),
      },
    ],
  ],
  [
    "thieves-get-nothing",
    "a guest's token that made a token",
    [{ ledger: ({ thefts }) => void thefts.push({ what: "guest_makes_token", status: 200 }) }],
  ],
  [
    "nothing-overdue",
    "a deadline that nobody acts upon",
    [0, 40_000].map((now) => ({ now, vms: [vm({ deadlineAt: 10_000 })] })),
  ],
];

test.each(BROKEN)("%s is broken by: %s", (name, _how, scenes) => {
  const invariant = allInvariants().find((candidate) => candidate.name === name);
  if (!invariant) throw new Error(`there is no invariant ${name}`);
  const found = scenes.map((scene) => invariant.check(moment(scene)));
  expect(found.slice(0, -1)).toEqual(found.slice(0, -1).map(() => undefined));
  expect(found.at(-1)).toEqual(expect.any(String));
});

test("every invariant is shown broken, and none is when all is in order", () => {
  for (const { name, check } of allInvariants()) {
    expect(BROKEN.map(([broken]) => broken)).toContain(name);
    expect([check(moment(SOUND)), check(moment(NEXT))], name).toEqual([undefined, undefined]);
  }
});
