import { DEFAULT_TEAM } from "@tartfleet/shared";
import { and, eq, isNotNull, isNull } from "drizzle-orm";
import type { Share } from "../domain/scheduling/shares.ts";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { attempts, queues, teams, tokens, vms } from "./schema.ts";

/** Intents and reads about teams and what they may have of the fleet. */
export function makeTeamStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    setShare: (name: string, share: Share, act: Act, now: number): Promise<void> =>
      commit((tx) => {
        const columns = { guaranteed: share.guaranteed, cap: share.cap, weight: share.weight };
        tx.insert(teams)
          .values({ name, ...columns })
          .onConflictDoUpdate({ target: teams.name, set: columns })
          .run();
        write(act, now);
      }),

    /** @returns whether there was a share of its own */
    removeShare: (name: string, act: Act, now: number): Promise<boolean> =>
      commit((tx) => {
        const removed = tx.delete(teams).where(eq(teams.name, name)).returning().get();
        if (removed) write(act, now);
        return removed !== undefined;
      }),

    /** The shares that were set, by team. */
    shares: (): Map<string, Share> =>
      new Map(
        db
          .select()
          .from(teams)
          .all()
          .map(({ name, ...share }) => [name, share]),
      ),

    /** Every team that is known: by its share, its queue or its tokens. */
    teamNames: (): string[] => {
      const named = [
        ...db.select({ name: teams.name }).from(teams).all(),
        ...db.select({ name: queues.team }).from(queues).all(),
        ...db.selectDistinct({ name: tokens.team }).from(tokens).all(),
      ].flatMap(({ name }) => name ?? []);
      return [...new Set([DEFAULT_TEAM, ...named])].sort();
    },

    /** How many slots a team's VMs hold, and how many of them wait. */
    usage: (team: string): { held: number; queued: number } => ({
      held: db
        .select({ slot: attempts.slot })
        .from(attempts)
        .innerJoin(vms, eq(vms.id, attempts.vmId))
        .where(and(isNull(attempts.goneAt), isNotNull(attempts.slot), eq(vms.team, team)))
        .all().length,
      queued: db.select().from(queues).where(eq(queues.team, team)).get()?.queued ?? 0,
    }),
  };
}
