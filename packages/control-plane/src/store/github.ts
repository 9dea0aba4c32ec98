import type { RunnerKind } from "@tartfleet/shared";
import { and, count, eq, getTableColumns, inArray, isNotNull, lt, ne, sql } from "drizzle-orm";
import { learn, type GithubJob, type JobNews } from "../domain/github/ledger.ts";
import { vmOfRunner } from "../domain/github/runner-name.ts";
import type { Vm } from "../domain/vm.ts";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { githubDeliveries, githubJobs, githubSessions, live, vms } from "./schema.ts";
import { vmOfRow } from "./vm-rows.ts";

const { vmId: _vmId, ...JOB } = getTableColumns(githubJobs);

/** Intents and reads about the jobs that GitHub tells of, and the VMs that were asked for them. */
export function makeGithubStore(db: Db, commit: Commit) {
  return {
    /**
     * Takes news of jobs into the ledger.
     *
     * @param delivery the webhook's, of which a second one is not taken
     * @returns whether any of it was new
     */
    learnJobs: (news: readonly JobNews[], now: number, delivery?: string): Promise<boolean> =>
      commit((tx) => {
        if (delivery !== undefined) {
          const row = { id: delivery, at: now };
          const { changes } = tx.insert(githubDeliveries).values(row).onConflictDoNothing().run();
          if (changes === 0) return false;
        }
        return news
          .map((each) => {
            const own = and(eq(githubJobs.definition, each.definition), eq(githubJobs.jobId, each.jobId));
            const job = learn(tx.select(JOB).from(githubJobs).where(own).get(), each, now);
            if (!job) return false;
            const row = { ...job, vmId: vmOfRunner(job.runnerName) ?? null };
            const target = [githubJobs.definition, githubJobs.jobId];
            tx.insert(githubJobs).values(row).onConflictDoUpdate({ target, set: row }).run();
            return true;
          })
          .some(Boolean);
      }),

    /** Jobs that wait for a runner, of all definitions. */
    waitingGithubJobs: (): ReadonlyMap<string, number> =>
      new Map(
        db
          .select({ definition: githubJobs.definition, count: count() })
          .from(githubJobs)
          .where(and(ne(githubJobs.state, "done"), eq(githubJobs.state, "waiting")))
          .groupBy(githubJobs.definition)
          .all()
          .map((row) => [row.definition, row.count]),
      ),

    /** Jobs that are not done and of which nothing was heard since, the oldest first. */
    silentGithubJobs: (since: number, most: number): GithubJob[] =>
      db
        .select(JOB)
        .from(githubJobs)
        .where(and(ne(githubJobs.state, "done"), lt(githubJobs.changedAt, since)))
        .orderBy(githubJobs.changedAt)
        .limit(most)
        .all(),

    /** The jobs that began on these VMs, by the VM. */
    githubJobsOf: (vmIds: readonly string[]): ReadonlyMap<string, GithubJob> =>
      new Map(
        db
          .select()
          .from(githubJobs)
          .where(inArray(githubJobs.vmId, [...vmIds]))
          .all()
          .map(({ vmId, ...job }) => [vmId ?? "", job]),
      ),

    /** Live VMs that an integration asked for, with runners of this kind. */
    askedVms: (kind: RunnerKind): Vm[] =>
      db
        .select()
        .from(vms)
        .where(
          and(
            live,
            sql`json_extract(${vms.spec}, '$.runnerFrom') is not null`,
            sql`json_extract(${vms.spec}, '$.runnerKind') = ${kind}`,
          ),
        )
        .all()
        .map(vmOfRow),

    /** Those of the VMs that are known and have ended. */
    endedVms: (ids: readonly string[]): ReadonlySet<string> =>
      new Set(
        db
          .select({ id: vms.id })
          .from(vms)
          .where(and(inArray(vms.id, [...ids]), isNotNull(vms.endedAt)))
          .all()
          .map(({ id }) => id),
      ),

    isGithubDeliveryKnown: (id: string): boolean =>
      db.select().from(githubDeliveries).where(eq(githubDeliveries.id, id)).get() !== undefined,

    githubSession: (definition: string): string | undefined =>
      db.select().from(githubSessions).where(eq(githubSessions.definition, definition)).get()?.sessionId,

    setGithubSession: (definition: string, sessionId: string): Promise<void> =>
      commit((tx) => {
        const row = { definition, sessionId };
        tx.insert(githubSessions)
          .values(row)
          .onConflictDoUpdate({ target: githubSessions.definition, set: row })
          .run();
      }),

    /** Done jobs and deliveries of before then are not told of again: they are forgotten. */
    forgetGithub: (before: number): Promise<void> =>
      commit((tx) => {
        tx.delete(githubJobs)
          .where(and(eq(githubJobs.state, "done"), lt(githubJobs.changedAt, before)))
          .run();
        tx.delete(githubDeliveries).where(lt(githubDeliveries.at, before)).run();
      }),
  };
}
