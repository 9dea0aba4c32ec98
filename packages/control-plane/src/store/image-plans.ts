import { and, desc, eq, isNotNull, isNull, lt } from "drizzle-orm";
import type { ImagePlan, PlanOutcome } from "../domain/images/plan.ts";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { imagePlans } from "./schema.ts";

/** A plan and what became of it; both null while it stands. */
export interface StoredImagePlan extends ImagePlan {
  endedAt: number | null;
  outcome: PlanOutcome["outcome"] | null;
  why: string | null;
}

/** How long it is told what became of a plan. */
const KEPT_MS = 7 * 86_400_000;

/** Intents and reads about image plans. */
export function makeImagePlanStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    addImagePlan: (plan: ImagePlan, act: Act): Promise<void> =>
      commit((tx) => {
        tx.insert(imagePlans).values(plan).run();
        tx.delete(imagePlans)
          .where(and(isNotNull(imagePlans.endedAt), lt(imagePlans.endedAt, plan.createdAt - KEPT_MS)))
          .run();
        write(act, plan.createdAt);
      }),

    /** @returns whether it stood until now */
    endImagePlan: (id: string, { outcome, why }: PlanOutcome, act: Act, now: number): Promise<boolean> =>
      commit((tx) => {
        const ended = tx
          .update(imagePlans)
          .set({ outcome, why, endedAt: now })
          .where(and(eq(imagePlans.id, id), isNull(imagePlans.endedAt)))
          .returning()
          .get();
        if (ended) write(act, now);
        return ended !== undefined;
      }),

    /** Those that stand, oldest first. */
    standingImagePlans: (): StoredImagePlan[] =>
      db.select().from(imagePlans).where(isNull(imagePlans.endedAt)).orderBy(imagePlans.createdAt).all(),

    imagePlan: (id: string): StoredImagePlan | undefined =>
      db.select().from(imagePlans).where(eq(imagePlans.id, id)).get(),

    /** Newest first. */
    endedImagePlans: (limit: number): StoredImagePlan[] =>
      db
        .select()
        .from(imagePlans)
        .where(isNotNull(imagePlans.endedAt))
        .orderBy(desc(imagePlans.endedAt))
        .limit(limit)
        .all(),
  };
}
