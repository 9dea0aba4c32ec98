import { createHash, randomUUID } from "node:crypto";
import type { SimRunner } from "./runners.ts";

export type Conclusion = "success" | "failure" | "cancelled";

/** A job of a workflow, as GitHub knows it. */
export interface SimJob {
  id: number;
  /** What the scale-set service calls it by: a number to acquire it, and an id that REST does not know. */
  requestId: number;
  planId: string;
  runId: number;
  runAttempt: number;
  /** The commit that its run is of. */
  headSha: string;
  name: string;
  /** `owner/name` */
  repository: string;
  labels: string[];
  status: "queued" | "in_progress" | "completed";
  conclusion: Conclusion | null;
  runner: { id: number; name: string } | null;
  /** How often it was begun: more than once must never be. */
  starts: number;
  /** The scale set that acquired it. */
  setId: number | null;
  queuedAt: string;
  startedAt: string | null;
  completedAt: string | null;
}

export type JobChange = "queued" | "in_progress" | "completed";

/** All jobs, and who hears of what becomes of them, in the order in which it happens. */
export function makeJobs() {
  const jobs: SimJob[] = [];
  const hearers: ((job: SimJob, change: JobChange) => void)[] = [];
  const tell = (job: SimJob, change: JobChange) => hearers.forEach((hear) => hear(job, change));
  const now = () => new Date().toISOString();

  function required(id: number): SimJob {
    const job = jobs.find((each) => each.id === id);
    if (!job) throw new Error(`there is no job ${id}`);
    return job;
  }

  function complete(id: number, conclusion: Conclusion): void {
    const job = required(id);
    if (job.status === "completed") return;
    Object.assign(job, { status: "completed", conclusion, completedAt: now() });
    tell(job, "completed");
  }

  return {
    all: jobs,
    required,
    onChange: (hear: (job: SimJob, change: JobChange) => void) => void hearers.push(hear),
    queue(parts: { name?: string; repository?: string; labels: string[] }): SimJob {
      const number = jobs.length + 1;
      const job: SimJob = {
        id: 40_000_000_000 + number,
        requestId: 7000 + number,
        planId: randomUUID(),
        runId: 1_000_000 + number,
        runAttempt: 1,
        headSha: createHash("sha1").update(`commit ${number}`).digest("hex"),
        name: parts.name ?? `job-${number}`,
        repository: parts.repository ?? "acme/app",
        labels: parts.labels,
        status: "queued",
        conclusion: null,
        runner: null,
        starts: 0,
        setId: null,
        queuedAt: now(),
        startedAt: null,
        completedAt: null,
      };
      jobs.push(job);
      tell(job, "queued");
      return job;
    },
    start(id: number, runner: Pick<SimRunner, "id" | "name">): void {
      const job = required(id);
      job.starts += 1;
      Object.assign(job, {
        status: "in_progress",
        runner: { id: runner.id, name: runner.name },
        startedAt: now(),
      });
      tell(job, "in_progress");
    },
    complete,
    /** Somebody presses "Cancel workflow". */
    cancel: (id: number) => complete(id, "cancelled"),
  };
}

export type Jobs = ReturnType<typeof makeJobs>;
