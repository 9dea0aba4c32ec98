import type { JobNews } from "../../domain/github/ledger.ts";
import type { SetStatistics } from "../../domain/github/waiting.ts";
import type { Clock } from "../../engine/clock.ts";
import type { Store } from "../../store/store.ts";
import { isStatus, type ActionsService, type JobMessage, type Session } from "./actions-service.ts";
import { every } from "../../engine/stalls.ts";
import type { RunnerDefinition } from "./config.ts";
import type { CiLog } from "../log.ts";
import { LEFT_ALONE_MS, NotAsConfiguredError } from "./not-as-configured.ts";
import { messageOf } from "../message-of.ts";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** A question for a message tells once how many jobs are welcome; when they become more, it is asked anew this soon. */
const LOOK_MS = 5000;

export interface Listener {
  /** The service's newest count of jobs; undefined before it was heard. */
  statistics(): SetStatistics | undefined;
  /** Of the set, once it is known to be there. */
  setId(): number | undefined;
  /** So many jobs at once GitHub was told to give, at most; undefined before it was. */
  welcome(): number | undefined;
  /** False while GitHub does not answer: nobody's guest would get a runner. */
  isHeard(): boolean;
  stop(): void;
}

/**
 * Listens to one scale set: a message is handled, then acknowledged, so that a crash between has it come again. The
 * set's one session is taken over from whoever had it before a crash. Neither set nor session is deleted at the end:
 * runners that are at work would be orphaned.
 */
export function startListener(
  definition: RunnerDefinition,
  {
    service,
    store,
    clock,
    log,
    owner,
    jobsWelcome,
    onNews,
    onTried,
  }: {
    service: ActionsService;
    store: Pick<Store, "githubSession" | "setGithubSession" | "learnJobs">;
    clock: Clock;
    log: CiLog;
    owner: string;
    /** How many jobs GitHub may give the set at once, as of now. */
    jobsWelcome(): number;
    /** The ledger or the count has changed. */
    onNews(): void;
    onTried(ok: boolean): void;
  },
): Listener {
  const stopped = new AbortController();
  const { signal } = stopped;
  const { name } = definition;
  let statistics: SetStatistics | undefined;
  let setId: number | undefined;
  let failures = 0;
  /** What only a person can put right, as it was told of. */
  let mistake: string | undefined;
  let asking: { welcome: number; stop: AbortController } | undefined;
  let welcome: number | undefined;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await listen();
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const isMistake = error instanceof NotAsConfiguredError;
        const why = messageOf(error);
        if (failures === 1 || (isMistake && why !== mistake))
          log.warn(
            { runner: name, why, ...(isMistake ? { code: error.code } : {}) },
            "GitHub cannot be listened to",
          );
        mistake = isMistake ? why : undefined;
        onTried(false);
      }
      const backOff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
      await pause(mistake === undefined ? backOff : LEFT_ALONE_MS);
    }
  }

  function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(Math.max(ms, FIRST_PAUSE_MS), resolve);
    signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
    return promise;
  }

  async function listen(): Promise<void> {
    setId = await service.ensureSet(definition);
    let session = await takeSession(setId);
    // That the queue answers too is not said yet: only then there is no pause before the next try.
    statistics = session.statistics ?? statistics;
    onNews();
    let after = 0;
    while (!signal.aborted) {
      try {
        after = await hear(setId, session, after);
      } catch (error) {
        if (!isStatus(error, 401)) throw error;
        session = await service.refreshSession(setId, session);
      }
    }
  }

  async function takeSession(id: number): Promise<Session> {
    const before = store.githubSession(name);
    if (before !== undefined) await service.endSession(id, before);
    const session = await service.openSession(id, owner);
    if (!session) throw new Error(`another listener has the session of scale set ${name}`);
    await store.setGithubSession(name, session.sessionId);
    return session;
  }

  /** @returns the id of the last message that was handled */
  async function hear(id: number, session: Session, after: number): Promise<number> {
    const askedAt = clock.now();
    const message = await nextMessage(session, after);
    if (message === "asked anew") return after;
    if (!message) {
      heard(undefined);
      // GitHub holds such a question for most of a minute. Whatever answers at once is not asked without end.
      if (clock.now() - askedAt < FIRST_PAUSE_MS) await pause(FIRST_PAUSE_MS);
      return after;
    }
    const news = message.jobs.flatMap((job) => newsOf(name, job));
    if (news.length > 0) await store.learnJobs(news, clock.now());
    heard(message.statistics);
    const available = message.jobs.filter(({ messageType }) => messageType === "JobAvailable");
    if (available.length > 0) {
      await service.acquire(
        id,
        session,
        available.map(({ runnerRequestId }) => runnerRequestId),
      );
    }
    await service.acknowledge(session, message.id);
    return message.id;
  }

  async function nextMessage(session: Session, after: number) {
    const stop = new AbortController();
    welcome = jobsWelcome();
    asking = { welcome, stop };
    try {
      return await service.nextMessage(session, {
        after,
        capacity: welcome,
        signal: AbortSignal.any([signal, stop.signal]),
      });
    } catch (error) {
      // What was on its way was not acknowledged, and comes again.
      if (stop.signal.aborted && !signal.aborted) return "asked anew";
      throw error;
    } finally {
      asking = undefined;
    }
  }

  function lookAgain(): void {
    if (asking && jobsWelcome() > asking.welcome) asking.stop.abort(new Error("more jobs are welcome"));
  }

  function heard(counted: SetStatistics | null | undefined): void {
    if (failures > 0) log.info({ runner: name }, "GitHub is listened to again");
    failures = 0;
    statistics = counted ?? statistics;
    onTried(true);
    onNews();
  }

  void run();
  const looking = every(clock, LOOK_MS, lookAgain);
  return {
    welcome: () => welcome,
    statistics: () => statistics,
    setId: () => setId,
    isHeard: () => setId !== undefined && failures === 0,
    stop() {
      looking.stop();
      stopped.abort(new Error("the control plane is stopping"));
    },
  };
}

const STATE_OF: Readonly<Record<string, JobNews["state"]>> = {
  JobAssigned: "waiting",
  JobStarted: "running",
  JobCompleted: "done",
};

/** What is only available is not ours yet, and not counted. */
function newsOf(definition: string, job: JobMessage): JobNews[] {
  const state = STATE_OF[job.messageType];
  if (state === undefined) return [];
  return [
    {
      definition,
      jobId: job.jobId || String(job.runnerRequestId),
      state,
      name: job.jobDisplayName,
      repository: `${job.ownerName}/${job.repositoryName}`,
      runId: String(job.workflowRunId),
      runAttempt: null,
      runnerName: job.runnerName || null,
    },
  ];
}
