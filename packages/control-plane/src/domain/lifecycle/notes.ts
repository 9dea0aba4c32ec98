import type { JobDetails } from "@tartfleet/shared";
import type { Vm } from "../vm.ts";
import type { LifecycleEvent, Rule, Step } from "./event.ts";
import { applied, enter, ignored, runEnded } from "./steps.ts";

/* Facts about the job and the history. */

/** The guest's own word that its runner works: it is ready, and no silence of its host is held against it. */
export const startJobEarly: Rule<"job_started"> = (vm, event, context) => {
  const started = startJob(
    enter({ ...vm, readyAt: context.now }, "ready", context.now, null),
    event,
    context,
  );
  return started.outcome === "applied"
    ? { ...started, vm: { ...started.vm, pullPercent: null, pullTotalBytes: null } }
    : started;
};

export const startJob: Rule<"job_started"> = (vm, event, { now }) => {
  if (vm.job.state !== "none") return secondJob(vm, event.details);
  return applied(
    { ...vm, job: { state: "started", startedAt: now, endedAt: null, details: event.details } },
    { type: "job", source: "hook", message: "The runner started a job.", data: { ...event.details } },
  );
};

/** The word of a job may come after that of its end: when it began is not known then, what it was is. */
export const keepLateJob: Rule<"job_started"> = (vm, { details }, { now }) => {
  const wasTold = vm.job.startedAt !== null || Object.keys(vm.job.details).length > 0;
  if (wasTold) return secondJob(vm, details);
  const announced = vm.announced === "no_job" ? "runner_exited" : vm.announced;
  return applied(
    { ...vm, announced, job: { ...vm.job, state: "ended", endedAt: vm.job.endedAt ?? now, details } },
    {
      type: "job",
      source: "hook",
      message: "The runner had started a job, it is told only now.",
      data: { ...details },
    },
  );
};

function secondJob(vm: Vm, details: JobDetails): Step {
  return applied(vm, {
    type: "evidence",
    source: "hook",
    message: `The runner says that it started another job although this VM's job is ${vm.job.state}.`,
    data: { ...details, isSecondJob: true },
  });
}

export const keepResult: Rule<"script_result"> = (vm, event) => {
  if (vm.scriptResult !== null) return ignored("the result is known");
  const { exitCode, output, truncated } = event;
  return applied(
    { ...vm, scriptResult: { exitCode, output, truncated } },
    {
      type: "evidence",
      source: "guest",
      message: `The script's exit code is ${exitCode ?? "unknown"}.`,
      data: { exitCode },
    },
  );
};

/** Facts that change nothing but belong into the history. */
export const note = (
  vm: Vm,
  event: Extract<LifecycleEvent, { kind: "stop_rung" | "run_ended" | "wrong_job" }>,
): Step => {
  switch (event.kind) {
    case "stop_rung": {
      const { rung, outcome, milliseconds, detail } = event;
      return applied(vm, {
        type: "stop_rung",
        source: "host",
        message: `${rung}: ${outcome} after ${milliseconds} ms${detail === undefined ? "" : ` (${detail})`}`,
        data: { rung, outcome, milliseconds },
      });
    }
    case "run_ended":
      return applied(vm, {
        type: "evidence",
        source: "host",
        message: runEnded(event.cause),
        data: { cause: event.cause, log: event.logTail },
      });
    case "wrong_job":
      return applied(vm, {
        type: "evidence",
        source: "guest",
        message: `Its guest spoke for job ${event.jobId}, which is not this VM's: refused.`,
        data: { jobId: event.jobId },
      });
    default:
      return event satisfies never;
  }
};
