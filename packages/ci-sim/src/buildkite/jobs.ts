import { randomUUID } from "node:crypto";

/** `waiting`: for a step before it. A canceled job that runs is `canceling` until its agent says that it has ended. */
type JobState =
  | "waiting"
  | "scheduled"
  | "assigned"
  | "accepted"
  | "running"
  | "canceling"
  | "canceled"
  | "finished";

export interface SimJob {
  id: string;
  name: string;
  queue: string;
  /** What its agent runs. */
  command: string;
  state: JobState;
  /** How often it was begun. A retry is another job. */
  starts: number;
  agentId: string | undefined;
  /** -1: its agent was lost. */
  exitStatus: number | undefined;
  /** So many retries are left for a lost agent (`retry: automatic: exit_status: -1`). */
  retries: number;
  /** The job that was made to try it again. */
  retriedAs: string | undefined;
}

const OVER: ReadonlySet<JobState> = new Set(["canceled", "finished"]);
export const isOver = ({ state }: SimJob): boolean => OVER.has(state);
/** Counted as running by the metrics (buildkite.com/docs, "job states"). */
const AT_WORK: ReadonlySet<JobState> = new Set(["assigned", "accepted", "running", "canceling"]);
export const isAtWork = ({ state }: SimJob): boolean => AT_WORK.has(state);

/** The jobs of a cluster, in the order of their coming. */
export function makeJobs() {
  const all: SimJob[] = [];

  function queue({
    name,
    queue: key = "default",
    command = "true",
    retries = 0,
    isWaiting = false,
  }: {
    name: string;
    queue?: string;
    command?: string;
    retries?: number;
    isWaiting?: boolean;
  }): SimJob {
    const job: SimJob = {
      id: randomUUID(),
      name,
      queue: key,
      command,
      state: isWaiting ? "waiting" : "scheduled",
      starts: 0,
      agentId: undefined,
      exitStatus: undefined,
      retries,
      retriedAs: undefined,
    };
    all.push(job);
    return job;
  }

  return {
    all,
    queue,
    named: (name: string): SimJob | undefined => all.find((job) => job.name === name),
    withId: (id: string): SimJob | undefined => all.find((job) => job.id === id),
    next: (key: string): SimJob | undefined =>
      all.find((job) => job.queue === key && job.state === "scheduled"),
    finish(job: SimJob, exitStatus: number): void {
      job.state = job.state === "canceling" ? "canceled" : "finished";
      job.exitStatus = exitStatus;
      if (exitStatus !== -1 || job.state === "canceled" || job.retries === 0) return;
      job.retriedAs = queue({
        name: job.name,
        queue: job.queue,
        command: job.command,
        retries: job.retries - 1,
      }).id;
    },
    cancel(job: SimJob): void {
      if (!isOver(job)) job.state = isAtWork(job) ? "canceling" : "canceled";
    },
  };
}

export type SimJobs = ReturnType<typeof makeJobs>;
