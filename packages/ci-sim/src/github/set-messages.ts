import type { JobChange, SimJob } from "./jobs.ts";

/** What is told of a job that a set has, as things happen to it. */
export const MESSAGE_OF = {
  in_progress: "JobStarted",
  completed: "JobCompleted",
} as const satisfies Record<Exclude<JobChange, "queued">, string>;

/** All that was told of it so far. */
export const toldOf = ({ status }: SimJob): string[] => [
  "JobAssigned",
  ...(status === "queued" ? [] : ["JobStarted"]),
  ...(status === "completed" ? ["JobCompleted"] : []),
];

/** A job as a message of the queue has it. */
export function eventOf(messageType: string, job: SimJob): object {
  const [ownerName, repositoryName] = job.repository.split("/");
  const runner = { runnerId: job.runner?.id ?? 0, runnerName: job.runner?.name ?? "" };
  const result =
    job.conclusion === "cancelled" ? "canceled" : job.conclusion === "success" ? "succeeded" : "failed";
  return {
    messageType,
    runnerRequestId: job.requestId,
    jobId: job.planId,
    ownerName,
    repositoryName,
    jobWorkflowRef: `${job.repository}/.github/workflows/ci.yml@refs/heads/main`,
    jobDisplayName: job.name,
    workflowRunId: job.runId,
    eventName: "push",
    requestLabels: job.labels,
    queueTime: job.queuedAt,
    scaleSetAssignTime: job.queuedAt,
    runnerAssignTime: job.startedAt ?? "0001-01-01T00:00:00Z",
    finishTime: job.completedAt ?? "0001-01-01T00:00:00Z",
    ...(messageType === "JobStarted" ? runner : {}),
    ...(messageType === "JobCompleted" ? { ...runner, result } : {}),
    ...(messageType === "JobAvailable" ? { acquireJobUrl: "" } : {}),
  };
}
