import type { Assignment, AssignmentSet, ImageWork, Report } from "@tartfleet/shared";
import { createHost, type Host, type HostView } from "../../src/host/host.ts";
import { DEFAULT_TIMING, type PulledImages } from "../../src/host/ports.ts";
import type { Journal } from "../../src/journal/journal.ts";
import type { Entry } from "../../src/reconcile/instance.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/reconcile/limits.ts";
import { ok } from "../../src/tart/result.ts";
import { bootstrapOf } from "./bootstrap.ts";
import { createFakeGuests } from "./fake-guests.ts";
import { createFakeTart, type FakeWorld } from "./fake-world.ts";
import { createLife, type Life } from "./lives.ts";

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** A host's agent without sockets: the real loop on a fake world. */
export interface FakeAgent {
  host: Host;
  life: Life;
  reports: Report[];
  views: HostView[];
  /** The control plane's newest wish, sent at once. */
  want(...assignments: Assignment[]): void;
  /** What it wants of the images, without a new revision. */
  wantImages(images: ImageWork): void;
  connect(): void;
  lose(): void;
  /** As SIGTERM does. */
  stop(): Promise<void>;
}

/** The journal on the host's disk: it survives the agent. */
export type Disk = Map<string, Entry> & { isFull?: boolean };

export function memoryJournal(disk: Disk): Journal {
  return {
    load: async () => new Map(structuredClone([...disk])),
    async save(name, entry) {
      if (disk.isFull) throw new Error("ENOSPC");
      disk.set(name, structuredClone(entry));
    },
    async remove(name) {
      disk.delete(name);
    },
  };
}

/** Names of fetched images on the host's disk. */
export function memoryPulledImages(kept: { names: readonly string[] } = { names: [] }): PulledImages {
  return {
    load: async () => kept.names,
    async save(references) {
      kept.names = references;
    },
  };
}

export function startAgent(
  world: FakeWorld,
  disk: Disk = new Map(),
  options: {
    limits?: Partial<Limits>;
    pulled?: { names: readonly string[] };
    crash?: { calls: number; when: "before" | "after" };
  } = {},
): FakeAgent {
  const life = createLife();
  if (options.crash) life.endAfter(options.crash.calls, options.crash.when);
  const reports: Report[] = [];
  const views: HostView[] = [];
  const stop = new AbortController();
  const logId = "log-1";
  let revision = 0;
  let set: AssignmentSet | undefined;
  let isConnecting = false;
  let isConnected = false;
  const clock = life.bindClock(world.clock);

  function welcome(): void {
    isConnecting = false;
    isConnected = true;
    host.onWelcome({ logId, epoch: 1, heartbeatSeconds: 5, leaseSeconds: 15 });
    if (set) host.onSet((set = { ...set, logId, revision: (revision += 1) }));
  }

  const host = createHost(
    {
      tart: life.bind(createFakeTart(world)),
      guests: life.bind(createFakeGuests(world)),
      runLogs: {
        path: (name) => name,
        exists: async (name) => world.logs.has(name),
        async remove(name) {
          if (!life.isOver()) world.logs.delete(name);
        },
      },
      journal: life.bind(memoryJournal(disk)),
      pulledImages: life.bind(memoryPulledImages(options.pulled)),
      bootstrap: async ({ vmId }) => ok(bootstrapOf(vmId)),
      clock,
      random: () => 0.5,
      log: QUIET,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      timing: DEFAULT_TIMING,
    },
    {
      put(report) {
        if (!life.isOver()) reports.push(structuredClone(report));
      },
      onView(view) {
        if (life.isOver()) return;
        views.push(view);
        // A hello waits for a look; so nothing is heard of the control plane before it.
        if (isConnecting) welcome();
      },
    },
  );
  let isStopped = false;
  void host.run(stop.signal).then(() => {
    isStopped = true;
  });

  return {
    host,
    life,
    reports,
    views,
    connect() {
      isConnecting = true;
    },
    lose() {
      isConnected = false;
      host.onLost();
    },
    want(...assignments) {
      set = { ...set, logId, revision: (revision += 1), assignments };
      if (isConnected) host.onSet(set);
    },
    wantImages(images) {
      set = { logId, revision, assignments: [], ...set, images };
      if (isConnected) host.onSet(set);
    },
    async stop() {
      stop.abort();
      await world.clock.until("the agent's end", () => isStopped);
    },
  };
}
