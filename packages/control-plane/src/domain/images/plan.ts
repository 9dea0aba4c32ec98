import { ATTEMPT_ERRORS, type AttemptErrorCode, type ImagePlanRecord, type Labels } from "@tartfleet/shared";
import { carries } from "../scheduling/host-room.ts";

/** That hosts are to have an image. Times are milliseconds. */
export interface ImagePlan {
  id: string;
  kind: ImagePlanRecord["kind"];
  /** As tart lists it. */
  image: string;
  hostLabels: Labels;
  /** Of a channel's plan: only on hosts that have this image, too. */
  besideImage: string | null;
  reason: string | null;
  by: string;
  createdAt: number;
}

/** How a plan ended. */
export interface PlanOutcome {
  outcome: NonNullable<ImagePlanRecord["outcome"]>;
  why: string;
}

/** A host as plans see it. */
export interface PlanHost {
  name: string;
  labels: Labels;
  /** Silent for long, cordoned, or with an agent that cannot be told: not waited for. */
  isAway: boolean;
  /** Not connected, and perhaps back in a moment. */
  isSilent: boolean;
  images: ReadonlyMap<string, unknown>;
  diskFreeGiB: number;
}

/** Fetching an image failed on a host. */
export interface PullFailure {
  tries: number;
  code: AttemptErrorCode;
  message: string;
  /** When it is tried again. */
  retryAt: number;
}

type PlanError = Pick<PullFailure, "code" | "message">;

/** Where a host stands that a plan is for. */
export type Standing =
  | { kind: "there" | "away" | "silent" | "pulling" | "waiting" }
  | { kind: "failing"; error: PlanError; retryAt: number }
  | { kind: "given_up"; error: PlanError };

/** So often a host tries to fetch what is pre-pulled; what is pinned there it goes on trying. */
const MOST_TRIES = 5;
const PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** What must be free beside the image. */
const SPARE_GIB = 1;

/** What another failure makes of what is known of a host and an image. */
export function failedAgain(before: PullFailure | undefined, error: PlanError, now: number): PullFailure {
  const tries = (before?.tries ?? 0) + 1;
  const pause = isFinal(error) ? LONGEST_PAUSE_MS : PAUSE_MS * 2 ** Math.min(tries - 1, 16);
  return { ...error, tries, retryAt: now + Math.min(LONGEST_PAUSE_MS, pause) };
}

export function isMeant(plan: Pick<ImagePlan, "hostLabels" | "besideImage">, host: PlanHost): boolean {
  return (
    carries(host.labels, plan.hostLabels) && (plan.besideImage === null || host.images.has(plan.besideImage))
  );
}

/**
 * Where a host stands that the plan is for.
 *
 * @param imageGiB the size of the image, where any host knows it
 */
export function standingOf(
  plan: Pick<ImagePlan, "kind" | "image">,
  host: PlanHost,
  {
    isPulling,
    failure,
    imageGiB = 0,
    now,
  }: { isPulling: boolean; failure: PullFailure | undefined; imageGiB?: number | undefined; now: number },
): Standing {
  if (host.images.has(plan.image)) return { kind: "there" };
  if (host.isAway) return { kind: "away" };
  if (host.isSilent) return { kind: "silent" };
  if (isPulling) return { kind: "pulling" };
  if (failure) {
    const { code, message, tries, retryAt } = failure;
    const error = { code, message };
    if (plan.kind !== "pin" && (tries >= MOST_TRIES || isFinal(error))) return { kind: "given_up", error };
    if (retryAt > now) return { kind: "failing", error, retryAt };
  }
  if (host.diskFreeGiB < imageGiB + SPARE_GIB) {
    const message = `It has ${host.diskFreeGiB} GiB free and the image takes ${Math.ceil(imageGiB)}. Remove what is not needed: tartfleet image prune.`;
    return { kind: "given_up", error: { code: "host_disk_full", message } };
  }
  return { kind: "waiting" };
}

/** Whether the plan has come to its end, and how; a pin never does by itself. */
export function outcomeOf(
  { kind }: Pick<ImagePlan, "kind">,
  hosts: readonly { name: string; standing: Standing }[],
): PlanOutcome | undefined {
  if (kind === "pin") return undefined;
  const present = hosts.filter(({ standing }) => standing.kind !== "away");
  const givenUp = present.flatMap(({ name, standing }) =>
    standing.kind === "given_up" ? [{ name, ...standing.error }] : [],
  );
  const [first] = givenUp;
  const final = givenUp.find(isFinal);
  if (final) return { outcome: "failed", why: `${final.name}: ${final.code}: ${final.message}` };
  const there = present.filter(({ standing }) => standing.kind === "there").length;
  if (there + givenUp.length < present.length) return undefined;
  if (present.length === 0)
    return kind === "channel"
      ? { outcome: "done", why: "No connected host has the channel's present image." }
      : undefined;
  if (!first)
    return { outcome: "done", why: there === 1 ? "The host has it." : `All ${there} hosts have it.` };
  const why = `${there} of ${present.length} hosts have it; ${first.name}: ${first.code}: ${first.message}`;
  return { outcome: there === 0 ? "failed" : "done", why };
}

/** Another host would be told the same. */
function isFinal({ code }: PlanError): boolean {
  return ATTEMPT_ERRORS[code].again === "never";
}
