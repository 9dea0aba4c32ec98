import type { Db } from "@tartfleet/control-plane/src/store/database.ts";
import SqliteDatabase from "better-sqlite3";
import type { DatabaseFault } from "../plan/plan.ts";
import type { Process } from "../world/process.ts";
import type { World } from "./world.ts";

/** What the disk under the database does to one life of the control plane. */
export interface DatabaseDisk {
  /** The process dies when the whole group is done and before it is committed. */
  isBrokenOff: boolean;
  /** A sync has failed: what was written may be there or not, and asking again would not tell. */
  readonly isBroken: boolean;
  /** Somebody else holds the lock: no transaction begins. */
  isLocked(): boolean;
  /** @returns what is wrong with the commit that is made now */
  strikes(): "full" | "lost" | "kept" | undefined;
  count(what: string): void;
}

/** The disk through the lives of the control plane. */
export interface Disks {
  mount(process: Process): DatabaseDisk;
  /** For a while no commit succeeds; a broken one fails once. */
  strike(fault: DatabaseFault, until: number): void;
  clearFaults(): void;
  /** Whether a fault was there at some time since then. */
  wasTroubledSince(time: number): boolean;
}

export function createDisks(world: World): Disks {
  const { timeline, counts } = world;
  const random = world.random.stream("database disk");
  let fault: { kind: DatabaseFault; until: number } | undefined;
  let troubledUntil = 0;
  return {
    mount(process) {
      let isBroken = false;
      const present = () => (fault && fault.until > timeline.now() ? fault.kind : undefined);
      return {
        isBrokenOff: false,
        get isBroken() {
          return isBroken;
        },
        strikes() {
          if (isBroken && process.isAlive()) {
            world.fail({ invariant: "stops-when-broken", message: "it writes on after a sync that failed" });
          }
          const kind = present();
          if (kind === "full") return kind;
          if (kind !== "broken") return undefined;
          fault = undefined;
          isBroken = true;
          return random.pick(["lost", "kept"]);
        },
        isLocked: () => present() === "busy",
        count: (what) => counts.count(`database ${what}`),
      };
    },
    strike(kind, until) {
      fault = { kind, until };
      troubledUntil = Math.max(troubledUntil, until);
    },
    clearFaults() {
      fault = undefined;
      troubledUntil = Math.min(troubledUntil, timeline.now());
    },
    wasTroubledSince: (time) => troubledUntil > time,
  };
}

/** The database as its disk lets it be written. */
export function onDisk(db: Db, disk: DatabaseDisk): Db {
  const transaction: Db["transaction"] = (steps, options) => {
    if (disk.isLocked()) {
      disk.count("busy");
      throw failure("SQLITE_BUSY");
    }
    let strike: ReturnType<DatabaseDisk["strikes"]>;
    const result = db.transaction((tx) => {
      // A group of which a step fails is rolled back, and comes to no commit.
      const done = steps(tx);
      if (disk.isBrokenOff) throw new Error("the process died within a group of steps");
      strike = disk.strikes();
      if (strike) disk.count(strike);
      if (strike === "full") throw failure("SQLITE_FULL");
      if (strike === "lost") throw failure("SQLITE_IOERR_FSYNC");
      return done;
    }, options);
    if (strike === "kept") throw failure("SQLITE_IOERR_FSYNC");
    return result;
  };
  return new Proxy(db, {
    get: (target, key) => (key === "transaction" ? transaction : (Reflect.get(target, key) as unknown)),
  });
}

const failure = (code: string) => new SqliteDatabase.SqliteError(`simulated ${code}`, code);
