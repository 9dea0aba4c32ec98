import type { EngineConfig } from "@tartfleet/control-plane/src/engine/config.ts";
import { startControlPlane, type ControlPlane } from "@tartfleet/control-plane/src/engine/control-plane.ts";
import type { UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import {
  openMemoryDatabase,
  type Database,
  type MemoryDatabase,
} from "@tartfleet/control-plane/src/store/database.ts";
import { makeStore } from "@tartfleet/control-plane/src/store/store.ts";
import type { Bugs } from "../mutations/bugs.ts";
import { createDisks, onDisk, type Disks } from "./database-disk.ts";
import { createProcess, type Process } from "../world/process.ts";
import type { World } from "./world.ts";

/** A control plane that answers: one life of it. */
export interface Serving {
  process: Process;
  useCases: UseCases;
  /** Sets of assignments that agents wait for. */
  subscriptions: Set<object>;
  /** Called when this life is over. */
  onEnd: Set<() => void>;
}

/** The place where the control plane runs, through its crashes, restarts and restored backups. */
export interface ControlPlaneSite {
  serving(): Serving | undefined;
  process(): Process;
  /** True time at which its present life began. */
  startedAt(): number;
  /** What is durable; the auditor's view. */
  database(): MemoryDatabase;
  /** Grows with every group of steps that is written. */
  version(): number;
  start(): void;
  /** Kills it; what was committed stays. */
  kill(): void;
  backUp(): void;
  hasBackup(): boolean;
  /** Puts the backup back in place of what there is, while nothing runs. */
  restore(): void;
  /** Sets the machine's clock; seen at the next start (the running one goes by its monotonic clock). */
  jumpClock(milliseconds: number): void;
  /** What the database is on. */
  disks: Disks;
  /** Lets go of every database that there was. */
  close(): void;
}

/** How much longer than a class the next one waits, and how long a large VM until a host is kept for it. */
export const AGEING_MS = 120_000;

/** How long a runner may wait for its job, unless its VM says otherwise. */
export const NO_JOB_SECONDS = 1800;

const CONFIG: EngineConfig = {
  publicUrl: "http://control-plane",
  maxTtlSeconds: 86_400,
  defaultQueueTimeoutSeconds: 3600,
  maxQueuedPerTeam: 10_000,
  hookGraceSeconds: 90,
  exitSettleSeconds: 10,
  heartbeatSeconds: 5,
  leaseSeconds: 30,
  silentGraceSeconds: 60,
  assignedTimeoutSeconds: 120,
  pullStallSeconds: 900,
  cloneTimeoutSeconds: 600,
  bootTimeoutSeconds: 600,
  provisionTimeoutSeconds: 300,
  stopTimeoutSeconds: 300,
  noJobTimeoutSeconds: NO_JOB_SECONDS,
  maxAttempts: 3,
  priorityClasses: [
    { name: "release", reserved: 0 },
    { name: "default", reserved: 0 },
    { name: "batch", reserved: 0 },
  ],
  ageingSeconds: AGEING_MS / 1000,
  layout: "spread",
  pullsPerRegistry: 2,
  pruneBelowPercent: 10,
  pruneUntilPercent: 20,
  maxHoldSeconds: 14_400,
  maxTunnels: 500,
  maxTunnelsPerHost: 50,
  maxTunnelsPerToken: 50,
  webhookAllowPrivate: false,
  breakerRestSeconds: 300,
  imageResolveTtlSeconds: 60,
  accountLabel: [],
  keepEndedDays: 0,
  keepAuditDays: 0,
};

/** 2026-01-01: true time is counted from here. */
export const EPOCH = Date.UTC(2026, 0, 1);

export function createControlPlaneSite(world: World, bugs: Bugs, onDeathOf: () => void): ControlPlaneSite {
  const { timeline, trace } = world;
  const random = world.random.stream("control-plane");
  const syncTime = world.random.stream("control-plane's syncs");
  const key = Buffer.alloc(32, 7);
  const opened: MemoryDatabase[] = [];
  const open = (contents?: Buffer) => {
    const database = openMemoryDatabase(contents);
    opened.push(database);
    return database;
  };
  let database = open();
  let backup: Buffer | undefined;
  let clockOffset = 0;
  let version = 0;
  let startedAt = 0;
  let lives = 0;
  let process: Process | undefined;
  let serving: Serving | undefined;
  const disks = createDisks(world);

  function onDeath(): void {
    // The dead one keeps a database of its own: whatever it may still write is lost.
    database = open(database.contents());
    version += 1;
    const over = serving;
    serving = undefined;
    for (const tell of over?.onEnd ?? []) tell();
    trace.note("control-plane", "is dead");
    onDeathOf();
  }

  function start(): void {
    lives += 1;
    startedAt = timeline.now();
    const life = createProcess({
      name: `control-plane#${lives}`,
      timeline,
      // Wall time at the start and monotonic time since (engine/clock.ts).
      monotonicAtBirth: EPOCH + Math.round(timeline.now()) + clockOffset,
      pace: random.between(0.999, 1.001),
      wallOffset: () => EPOCH + clockOffset,
      onDeath,
    });
    process = life;
    trace.note("control-plane", `starts, life ${lives}`);
    const own = database;
    const disk = disks.mount(life);
    /** What watches over it starts it again. */
    const exits = (error: unknown, isRight: boolean) =>
      life.deliver(() => {
        trace.note(life.name, `exits: ${String(error)}`);
        if (isRight) life.kill();
        else world.fail({ invariant: "stays-up", message: String(error) });
      });
    const flushAfter = (milliseconds: number, flush: () => void) =>
      life.clock.after(milliseconds, (isBrokenOff) => {
        disk.isBrokenOff = isBrokenOff;
        flush();
        disk.isBrokenOff = false;
        version += 1;
      });
    /** A process that dies leaves what it committed, and nobody who was told of it. */
    const syncLater: Database["sync"] = (done) => void flushAfter(syncTime.between(0.1, 2), () => done(null));
    startControlPlane({
      database: own,
      key,
      config: bugs.config(CONFIG),
      clock: bugs.controlPlaneClock(
        { now: () => Math.round(life.clock.now()), after: life.clock.after },
        lives,
      ),
      randomId: idsOf(random.stream(`ids ${lives}`)),
      onFatal: (error) => exits(error, disk.isBroken),
      openStore: (database, options) =>
        bugs.store(
          makeStore(
            { ...database, db: onDisk(database.db, disk), sync: syncLater },
            { ...options, after: flushAfter, defer: (flush) => flushAfter(random.between(0.2, 3), flush) },
          ),
        ),
    })
      .then(({ useCases }: ControlPlane) => {
        if (!life.isAlive()) return;
        serving = {
          process: life,
          useCases: bugs.useCases(useCases),
          subscriptions: new Set(),
          onEnd: new Set(),
        };
        trace.note("control-plane", "serves");
      })
      // Nothing is served by one that cannot write at its start.
      .catch((error: unknown) => exits(error, disks.wasTroubledSince(life.bornAt)));
  }

  return {
    serving: () => serving,
    process() {
      if (!process) throw new Error("the control plane was never started");
      return process;
    },
    startedAt: () => startedAt,
    database: () => database,
    version: () => version,
    start,
    kill: () => process?.kill(),
    backUp() {
      backup = database.contents();
    },
    hasBackup: () => backup !== undefined,
    restore() {
      if (!backup) return;
      database = open(backup);
      if (bugs.restoreMakesNewLog) {
        // Revisions start anew: agents must not compare them with those of the lost database.
        database.db.run("delete from meta where key = 'log_id'");
        database = open(database.contents());
      }
      version += 1;
    },
    jumpClock(milliseconds) {
      clockOffset += milliseconds;
    },
    disks,
    close() {
      for (const each of opened) each.close();
    },
  };
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

function idsOf(random: { int(from: number, to: number): number }): (length: number) => string {
  return (length) => Array.from({ length }, () => ALPHABET[random.int(0, ALPHABET.length - 1)]).join("");
}
