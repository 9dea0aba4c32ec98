import { and, asc, desc, eq, inArray, isNotNull, max, sql, type SQL } from "drizzle-orm";
import type { PhaseTime } from "../domain/history/phase-time.ts";
import type { AttemptsOf, SeriesKey } from "../domain/history/series.ts";
import type { Db } from "./database.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { columnsBut, placeholders, preparedRead, preparedWrite } from "./prepared.ts";
import { phaseTimes } from "./schema.ts";

/** A finished phase as it was written down; ids grow with time. */
export interface KeptPhase extends PhaseTime {
  id: number;
}

/** Writes a finished phase down, within the step that finished it. */
export function keepPhase(tx: Tx, phase: PhaseTime): KeptPhase {
  return { ...phase, id: Number(insertPhase(tx)({ ...phase }).lastInsertRowid) };
}

const insertPhase = preparedWrite((db) =>
  db.insert(phaseTimes).values(placeholders(columnsBut(phaseTimes, "id"))),
);

/** Reads about how long things took, and how they are forgotten. */
export function makePhaseTimeStore(db: Db, commit: Commit) {
  return {
    /** The newest measured durations, milliseconds, newest first. */
    durations: (key: SeriesKey, limit: number): { id: number; durationMs: number }[] =>
      db
        .select({ id: phaseTimes.id, durationMs: phaseTimes.durationMs })
        .from(phaseTimes)
        .where(and(sql`${phaseTimes.measured} = 1`, ofSeries(key)))
        .orderBy(desc(phaseTimes.id))
        .limit(limit)
        .all(),

    /** What became of the newest attempts, newest first. */
    verdicts(about: AttemptsOf, limit: number): KeptPhase[] {
      if ("hostId" in about) return verdictsOnHost(db).all({ key: about.hostId, limit });
      if ("image" in about) return verdictsOfImage(db).all({ key: about.image, limit });
      return verdictsOfDigest(db).all({ key: about.digest, limit });
    },

    /**
     * Removes the oldest that ended before a time, or that are more than so many.
     *
     * @param rows at most so many in this step
     * @returns whether there may be more of them
     */
    forgetPhases: (before: number, most: number, rows: number): Promise<boolean> =>
      commit((tx) => {
        const newest = tx
          .select({ id: max(phaseTimes.id) })
          .from(phaseTimes)
          .get()?.id;
        const oldest = tx
          .select({ id: phaseTimes.id, at: phaseTimes.at })
          .from(phaseTimes)
          .orderBy(asc(phaseTimes.id))
          .limit(rows)
          .all();
        const old = oldest.filter(({ id, at }) => at < before || id <= (newest ?? 0) - most);
        const ids = old.map(({ id }) => id);
        if (ids.length > 0) tx.delete(phaseTimes).where(inArray(phaseTimes.id, ids)).run();
        return ids.length === rows;
      }),
  };
}

function ofSeries(key: SeriesKey): SQL | undefined {
  // Literals where an index is partial: SQLite takes it only for what it can prove while it prepares.
  if ("team" in key)
    return and(
      eq(phaseTimes.team, key.team),
      eq(phaseTimes.image, key.image),
      sql`${phaseTimes.phase} = 'run'`,
    );
  const ofPhase = eq(phaseTimes.phase, key.phase);
  if ("image" in key) return and(ofPhase, eq(phaseTimes.image, key.image));
  if ("digest" in key) return and(ofPhase, eq(phaseTimes.digest, key.digest));
  return ofPhase;
}

const verdictsWhere = (column: "hostId" | "image" | "digest") =>
  preparedRead((db) =>
    db
      .select()
      .from(phaseTimes)
      .where(and(isNotNull(phaseTimes.verdict), eq(phaseTimes[column], sql.placeholder("key"))))
      .orderBy(desc(phaseTimes.id))
      .limit(sql.placeholder("limit")),
  );

const verdictsOnHost = verdictsWhere("hostId");
const verdictsOfImage = verdictsWhere("image");
const verdictsOfDigest = verdictsWhere("digest");
