import { and, desc, eq, isNull, lt, notExists, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { githubJobs, githubReports } from "./schema.ts";

/** A workflow run whose jobs wait for runners of a definition. */
export interface WaitingRun {
  definition: string;
  /** `owner/name` */
  repository: string;
  runId: string;
}

/** What was said at GitHub of a run whose VMs failed. */
export interface GithubReport extends WaitingRun {
  /** null: nothing was said, for GitHub did not take it. */
  sha: string | null;
}

const isOfRun = and(
  eq(githubReports.definition, githubJobs.definition),
  eq(githubReports.repository, githubJobs.repository),
  eq(githubReports.runId, githubJobs.runId),
);

/** Intents and reads about what was said at GitHub of VMs that failed: once for each run and definition. */
export function makeGithubReportStore(db: Db, commit: Commit) {
  return {
    /** Runs whose jobs wait for the definition and of which nothing was said yet, the newest first. */
    unreportedRuns: (definition: string, most: number): WaitingRun[] =>
      db
        .select({
          definition: githubJobs.definition,
          repository: githubJobs.repository,
          runId: githubJobs.runId,
        })
        .from(githubJobs)
        .where(
          and(
            eq(githubJobs.definition, definition),
            eq(githubJobs.state, "waiting"),
            notExists(db.select().from(githubReports).where(isOfRun)),
          ),
        )
        .groupBy(githubJobs.repository, githubJobs.runId)
        .orderBy(desc(sql`max(${githubJobs.firstAt})`))
        .limit(most)
        .all(),

    /** Reports that say a failure, of runs none of whose jobs waits any more. */
    outdatedReports: (most: number): GithubReport[] =>
      db
        .select({
          definition: githubReports.definition,
          repository: githubReports.repository,
          runId: githubReports.runId,
          sha: githubReports.sha,
        })
        .from(githubReports)
        .where(
          and(
            isNull(githubReports.clearedAt),
            notExists(
              db
                .select()
                .from(githubJobs)
                .where(and(isOfRun, eq(githubJobs.state, "waiting"))),
            ),
          ),
        )
        .limit(most)
        .all(),

    /** What has no commit needs no clearing. */
    keepReport: ({ sha, ...run }: GithubReport, now: number): Promise<void> =>
      commit((tx) => {
        const row = { ...run, sha, at: now, clearedAt: sha === null ? now : null };
        tx.insert(githubReports).values(row).onConflictDoNothing().run();
      }),

    clearReport: ({ definition, repository, runId }: WaitingRun, now: number): Promise<void> =>
      commit((tx) => {
        tx.update(githubReports)
          .set({ clearedAt: now })
          .where(
            and(
              eq(githubReports.definition, definition),
              eq(githubReports.repository, repository),
              eq(githubReports.runId, runId),
            ),
          )
          .run();
      }),

    forgetReports: (before: number): Promise<void> =>
      commit((tx) => {
        tx.delete(githubReports).where(lt(githubReports.at, before)).run();
      }),
  };
}
