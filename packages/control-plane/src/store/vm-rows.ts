import { keysOf, type VmEvent } from "@tartfleet/shared";
import { deadlineOf, type Vm } from "../domain/vm.ts";
import type { events, vms } from "./schema.ts";

type VmRow = typeof vms.$inferSelect;
type EventRow = typeof events.$inferSelect;

export function vmOfRow(row: VmRow): Vm {
  const { id, name, team, spec, state, stateSince, attempt, hostId, budgetEndsAt, expiresAt, announced } =
    row;
  const {
    ip,
    imageDigest,
    resolution,
    pullPercent,
    pullTotalBytes,
    scriptResult,
    createdAt,
    assignedAt,
    readyAt,
    endedAt,
  } = row;
  return {
    id,
    name,
    team,
    spec,
    state,
    stateSince,
    attempt,
    hostId,
    budgetEndsAt,
    expiresAt,
    announced,
    hold: row.hold,
    end:
      row.endReason === null
        ? null
        : { reason: row.endReason, message: row.endMessage ?? "", error: row.endError },
    job: {
      state: row.jobState,
      startedAt: row.jobStartedAt,
      endedAt: row.jobEndedAt,
      details: row.jobDetails,
    },
    ip,
    imageDigest,
    resolution,
    pullPercent,
    pullTotalBytes,
    scriptResult,
    createdAt,
    assignedAt,
    readyAt,
    endedAt,
  };
}

/** What a step of the lifecycle may change, by column. */
export function rowOfVm(vm: Vm) {
  const { id, name, team, spec, end, job, ...same } = vm;
  return {
    ...same,
    deadlineAt: deadlineOf(vm),
    endReason: end?.reason ?? null,
    endMessage: end?.message ?? null,
    endError: end?.error ?? null,
    jobState: job.state,
    jobStartedAt: job.startedAt,
    jobEndedAt: job.endedAt,
    jobDetails: job.details,
  };
}

export type StepColumn = keyof ReturnType<typeof rowOfVm>;

/** The columns of `rowOfVm`, all of them. */
const STEP_COLUMNS = keysOf({
  state: true,
  stateSince: true,
  attempt: true,
  hostId: true,
  budgetEndsAt: true,
  expiresAt: true,
  deadlineAt: true,
  announced: true,
  hold: true,
  endReason: true,
  endMessage: true,
  endError: true,
  jobState: true,
  jobStartedAt: true,
  jobEndedAt: true,
  jobDetails: true,
  ip: true,
  imageDigest: true,
  resolution: true,
  pullPercent: true,
  pullTotalBytes: true,
  scriptResult: true,
  createdAt: true,
  assignedAt: true,
  readyAt: true,
  endedAt: true,
} satisfies Record<StepColumn, true>);

/** What a step has changed: it makes new what it changes, and nothing else. */
export function changedColumns(before: Vm, after: Vm): StepColumn[] {
  const [old, present] = [rowOfVm(before), rowOfVm(after)];
  return STEP_COLUMNS.filter((column) => old[column] !== present[column]);
}

export function eventOfRow(row: EventRow): VmEvent {
  return { ...row, at: new Date(row.at).toISOString() };
}
