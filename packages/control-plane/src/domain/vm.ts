import {
  imageParts,
  type AttemptError,
  type CreateVm,
  type EndPhase,
  type EndReason,
  type JobDetails,
  type Labels,
  type RunnerKind,
  type ScriptResult,
  type VmState,
} from "@tartfleet/shared";
import type { VmTrace } from "./trace.ts";

/** What a client asked for, without the secrets (those are sealed beside it). Never changes. */
export interface VmSpec extends Pick<
  CreateVm,
  "image" | "os" | "hostLabels" | "labels" | "run" | "cpu" | "memoryMiB" | "diskGiB" | "jobId"
> {
  /** VMs of before there were classes have none. */
  priority?: string;
  /** VMs of before there were any have none. */
  preferredHostLabels?: Labels;
  /** By request; milliseconds. */
  budgetsMs?: Partial<Record<"pulling" | "cloning" | "booting" | "provisioning", number>>;
  /** That chose its image when it was accepted. */
  channel?: string;
  /** That keeps it warm: no client asked for it, it is of no team, and it has one attempt. */
  pool?: string;
  /** Where its spans belong, when traces are sent. */
  trace?: VmTrace;
  envNames: string[];
  /** So long it is held when it fails; without it, not at all. */
  holdOnFailureMs?: number;
  /** How long its runner may wait for a job; VMs of before that have none. */
  noJobMs?: number;
  runnerKind: RunnerKind | null;
  /** The integration's runner definition that asked for it: its runner's credential is made when its guest is ready. */
  runnerFrom?: string;
  ttlMs: number;
  queueTimeoutMs: number;
}

/** The team of VMs that pools keep warm: nobody's. No team can be named like that. */
export const NO_TEAM = "";

/** A VM's end: the first cause, kept for good. */
export interface VmEnd {
  reason: EndReason;
  message: string;
  error: AttemptError | null;
}

/** Somebody wants its instance to stay, whatever ends it. Times are milliseconds since 1970. */
export interface Hold {
  since: number;
  until: number;
  by: string;
  reason: string | null;
}

/** The end that a guest announced; `no_job`: its runner exited because the guest ended it, to which no job came. */
export type Announced = EndPhase | "no_job";

/**
 * What its image's tag stands for, found out once for all of its attempts. `given_up`: nobody could tell, so it runs
 * what the tag means on its host.
 */
export type Resolution =
  | { kind: "waiting" }
  | { kind: "digest"; digest: string; host: string }
  | { kind: "given_up"; why: string };

/** A VM as the lifecycle sees it. Times are milliseconds since 1970 by the control plane's clock. */
export interface Vm {
  id: string;
  name: string;
  team: string;
  spec: VmSpec;
  /** null: its image is named by digest, or there was nobody who could ask. */
  resolution: Resolution | null;
  state: VmState;
  stateSince: number;
  /** The present attempt's number; 0 before the first placement. */
  attempt: number;
  /** Host of the present attempt; null while queued. */
  hostId: number | null;
  /** When the present state has taken too long; null where only the TTL counts. */
  budgetEndsAt: number | null;
  /** When the TTL runs out; null before the first placement. */
  expiresAt: number | null;
  /** Which end the guest has announced, and until when its VM is left alone because of it. */
  announced: Announced | null;
  end: VmEnd | null;
  /** The newest; over when its time is. */
  hold: Hold | null;
  job: {
    state: "none" | "started" | "ended";
    startedAt: number | null;
    endedAt: number | null;
    details: JobDetails;
  };
  ip: string | null;
  imageDigest: string | null;
  pullPercent: number | null;
  /** Of its image, compressed. */
  pullTotalBytes: number | null;
  scriptResult: ScriptResult | null;
  createdAt: number;
  assignedAt: number | null;
  readyAt: number | null;
  endedAt: number | null;
}

/** A VM as it is accepted, before it is placed. */
export function unplacedVm(
  own: Pick<Vm, "id" | "name" | "team" | "spec" | "resolution" | "budgetEndsAt">,
  now: number,
): Vm {
  return {
    ...own,
    state: "queued",
    stateSince: now,
    attempt: 0,
    hostId: null,
    expiresAt: null,
    announced: null,
    end: null,
    hold: null,
    job: { state: "none", startedAt: null, endedAt: null, details: {} },
    ip: null,
    imageDigest: null,
    pullPercent: null,
    pullTotalBytes: null,
    scriptResult: null,
    createdAt: now,
    assignedAt: null,
    readyAt: null,
    endedAt: null,
  };
}

/** Its image as a host is to fetch it: by digest once that is known. */
export function imageOf({
  spec,
  resolution,
}: {
  spec: Pick<VmSpec, "image">;
  resolution: Resolution | null;
}): string {
  const repository = imageParts(spec.image)?.repository;
  return resolution?.kind === "digest" && repository !== undefined
    ? `${repository}@${resolution.digest}`
    : spec.image;
}

/** When something must be decided about the VM if nothing else happens; null when nothing will. */
export function deadlineOf(vm: Vm): number | null {
  const expiresAt = vm.state === "stopping" || vm.endedAt !== null ? null : vm.expiresAt;
  if (vm.budgetEndsAt === null) return expiresAt;
  return expiresAt === null ? vm.budgetEndsAt : Math.min(vm.budgetEndsAt, expiresAt);
}
