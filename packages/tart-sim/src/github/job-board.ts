import { randomUUID } from "node:crypto";
import type { Conclusion, JobMessage, RunnerEvent } from "./protocol.ts";

/** A job as a test writes it; every delay is in seconds. */
export interface FakeJob {
  name?: string;
  /** What its one step does, by `bash -e`. */
  script?: string;
  /** How long the step works before the script. */
  seconds?: number;
  /** What the step ends with after the script. */
  exitCode?: number;
  env?: Record<string, string>;
  /** How long the runner takes after its completed hook until the result is sent. */
  flushSeconds?: number;
  /** False: the job's set-up fails, so that neither its step nor the completed hook run. */
  setUpSucceeds?: boolean;
}

/** What GitHub's page would show. */
export interface FakeJobView {
  id: string;
  name: string;
  runnerName: string | null;
  state: "queued" | "in_progress" | "completed";
  /** `lost`: the runner stopped renewing its lock before the result was delivered. */
  result: "pending" | "running" | "delivered" | "lost";
  /** A lost job is a failed one, as GitHub shows it. */
  conclusion: Conclusion | null;
  steps: { name: string; exitCode: number; output: string }[];
  hookOutput: { started: string | null; completed: string | null };
  /** Everything that happened, in order. */
  timeline: { at: number; what: string }[];
}

interface Job extends FakeJobView {
  message: JobMessage;
  /** The one runner that may take it; null for any whose labels fit. */
  reservedFor: string | null;
  labels: string[];
  lock: NodeJS.Timeout | null;
}

export interface BoardOptions {
  lockSeconds: number;
  /** Called whenever a job was added or has changed. */
  changed: () => void;
}

/**
 * The jobs of a fake GitHub: queued → in_progress → completed, with the result delivered by the
 * runner, or lost when the runner's lock runs out.
 */
export function createJobBoard({ lockSeconds, changed }: BoardOptions) {
  const jobs = new Map<string, Job>();

  const note = (job: Job, what: string): void => {
    job.timeline.push({ at: Date.now(), what });
    changed();
  };

  const finish = (job: Job, result: "delivered" | "lost", conclusion: Conclusion): void => {
    if (job.lock !== null) clearTimeout(job.lock);
    Object.assign(job, { lock: null, state: "completed", result, conclusion });
    note(job, result);
  };

  const holdLock = (job: Job): void => {
    if (job.lock !== null) clearTimeout(job.lock);
    job.lock = setTimeout(() => finish(job, "lost", "failure"), lockSeconds * 1000);
  };

  const running = (id: string): Job | undefined => {
    const job = jobs.get(id);
    return job?.state === "in_progress" ? job : undefined;
  };

  return {
    add(spec: FakeJob, reservedFor: string | null, labels: string[]): string {
      const job = newJob(spec, { reservedFor, labels, number: jobs.size + 1, renewSeconds: lockSeconds / 4 });
      jobs.set(job.id, job);
      note(job, "queued");
      return job.id;
    },

    /** Gives the oldest queued job that this runner may take, and its lock with it. */
    take(runnerName: string, runnerLabels: readonly string[]): JobMessage | undefined {
      const fits = (job: Job): boolean =>
        job.reservedFor === null
          ? job.labels.every((label) => runnerLabels.includes(label))
          : job.reservedFor === runnerName;
      const job = [...jobs.values()].find((each) => each.state === "queued" && fits(each));
      if (job === undefined) return undefined;
      Object.assign(job, { state: "in_progress", result: "running", runnerName });
      holdLock(job);
      note(job, "taken");
      return job.message;
    },

    /** False when the job is not (or no longer) running. */
    renew(id: string): boolean {
      const job = running(id);
      if (job === undefined) return false;
      holdLock(job);
      return true;
    },

    record(id: string, event: RunnerEvent): boolean {
      const job = running(id);
      if (job === undefined) return false;
      if (event.kind === "hook") job.hookOutput[event.hook] = event.output;
      if (event.kind === "step") {
        job.steps.push({ name: event.name, exitCode: event.exitCode, output: event.output });
      }
      note(job, describe(event));
      return true;
    },

    deliver(id: string, conclusion: Conclusion): boolean {
      const job = running(id);
      if (job === undefined) return false;
      finish(job, "delivered", conclusion);
      return true;
    },

    views: (): FakeJobView[] => [...jobs.values()].map(viewOf),

    close(): void {
      for (const job of jobs.values()) if (job.lock !== null) clearTimeout(job.lock);
    },
  };
}

function newJob(
  spec: FakeJob,
  where: { reservedFor: string | null; labels: string[]; number: number; renewSeconds: number },
): Job {
  const id = randomUUID();
  const name = spec.name ?? `job-${where.number}`;
  const script = [
    ...(spec.seconds === undefined ? [] : [`sleep ${spec.seconds}`]),
    spec.script ?? "echo working",
    ...(spec.exitCode === undefined ? [] : [`exit ${spec.exitCode}`]),
  ].join("\n");
  return {
    id,
    name,
    runnerName: null,
    state: "queued",
    result: "pending",
    conclusion: null,
    steps: [],
    hookOutput: { started: null, completed: null },
    timeline: [],
    reservedFor: where.reservedFor,
    labels: where.labels,
    lock: null,
    message: {
      id,
      name,
      repository: "acme/app",
      runId: String(1_000_000 + where.number),
      runAttempt: "1",
      env: spec.env ?? {},
      steps: [{ name: "Work", script }],
      setUpSucceeds: spec.setUpSucceeds ?? true,
      flushSeconds: spec.flushSeconds ?? 2,
      renewSeconds: where.renewSeconds,
    },
  };
}

function describe(event: RunnerEvent): string {
  switch (event.kind) {
    case "hook":
      return `${event.hook} hook: ${event.exitCode}`;
    case "step":
      return `step: ${event.exitCode}`;
    case "orphans_killed":
      return `orphans killed: ${event.count}`;
    case "set_up_failed":
      return "set-up failed";
    case "flushed":
      return "flushed";
  }
}

const viewOf = (job: Job): FakeJobView => {
  const { id, name, runnerName, state, result, conclusion, steps, hookOutput, timeline } = job;
  return structuredClone({ id, name, runnerName, state, result, conclusion, steps, hookOutput, timeline });
};
