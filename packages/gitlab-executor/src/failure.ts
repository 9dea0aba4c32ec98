import { TartfleetError } from "@tartfleet/client/node";

/** Why a stage failed. The job's own fault is not tried again; ours may be, and GitLab shows it as the runner's. */
export class StageFailure extends Error {
  readonly fault: "job" | "ours";
  /** Of the job's script. */
  readonly exitCode: number | undefined;

  constructor(fault: "job" | "ours", message: string, { exitCode }: { exitCode?: number } = {}) {
    super(message);
    this.name = "StageFailure";
    this.fault = fault;
    this.exitCode = exitCode;
  }
}

/** What the control plane would refuse however often it is asked, because of what the job wants. */
const THE_JOBS = new Set<string>(["invalid_request", "unschedulable"]);

/** What anything thrown is for GitLab. */
export function stageFailureOf(error: unknown): StageFailure {
  if (error instanceof StageFailure) return error;
  if (!(error instanceof TartfleetError)) {
    return new StageFailure("ours", `a fault of tartfleet-gitlab-executor: ${String(error)}`);
  }
  const fields = error.fields.map(({ path, message }) => `${path}: ${message}`);
  const request = error.requestId === undefined ? [] : [`request ${error.requestId}`];
  const details = [...fields, ...request, error.code].join("; ");
  return new StageFailure(THE_JOBS.has(error.code) ? "job" : "ours", `${error.message} (${details})`);
}
