import type { AttemptError, VmEvent, VmRecord, VmState } from "@tartfleet/shared";
import { hasEnded } from "../parts/vm-words.ts";

/** A stretch of a VM's life in one state. Times are milliseconds. */
export interface Phase {
  state: VmState;
  from: number;
  /** null: it lasts. */
  until: number | null;
  /** How long it may take; null: it has no clock, or none that is known. */
  budgetMs: number | null;
  /** Where the budget comes from, as the control plane says it. */
  budgetFrom: string | null;
  /** Its attempt failed in it. */
  isFailure: boolean;
}

/** A part of a life with a heading of its own: a wait for a slot, one attempt's bring-up, the run with its end. */
export interface Chapter {
  kind: "wait" | "attempt" | "run";
  attempt: number;
  /** Where it was, as far as it was told. */
  host: string | null;
  phases: Phase[];
  /** Why the attempt failed. */
  error: AttemptError | null;
}

const KINDS: Partial<Record<VmState, Chapter["kind"]>> = {
  queued: "wait",
  ready: "run",
  draining: "run",
  stopping: "run",
};

/** The life of a VM in chapters and phases, from its history. Pure. */
export function lifeOf(events: readonly VmEvent[], vm: VmRecord): Chapter[] {
  const chapters: Chapter[] = [];
  let open: Phase | undefined;
  for (const event of events) {
    const at = Date.parse(event.at);
    const error = errorOf(event);
    const chapter = chapters.at(-1);
    if (error && chapter) {
      chapter.error = error;
      if (open) open.isFailure = true;
    }
    if (open?.state === event.state && chapter?.attempt === attemptOf(event)) continue;
    if (open) open.until = at;
    open = undefined;
    if (hasEnded(event.state)) continue;
    const of = chapterOf(chapters, event);
    of.host = textOf(event, "host") ?? of.host;
    open = { state: event.state, from: at, until: null, isFailure: false, ...budgetOf(event) };
    of.phases.push(open);
  }
  if (open && open.state === vm.state && open.budgetMs === null && vm.deadlineAt !== null) {
    open.budgetMs = Date.parse(vm.deadlineAt) - open.from;
  }
  return chapters;
}

/** A wait belongs to no attempt yet, also one that follows a failed one. */
function attemptOf({ state, attempt }: VmEvent): number {
  return state === "queued" ? 0 : attempt;
}

function chapterOf(chapters: Chapter[], event: VmEvent): Chapter {
  const kind = KINDS[event.state] ?? "attempt";
  const last = chapters.at(-1);
  if (last?.kind === kind && last.attempt === attemptOf(event)) return last;
  const host = kind !== "wait" && last?.attempt === event.attempt ? last.host : null;
  const chapter: Chapter = { kind, attempt: attemptOf(event), host, phases: [], error: null };
  chapters.push(chapter);
  return chapter;
}

function budgetOf({ state, data }: VmEvent): Pick<Phase, "budgetMs" | "budgetFrom"> {
  const seconds = data["budgetSeconds"];
  const from = data["budgetFrom"];
  // A pull's budget is how long it may stand still, not how long it may take.
  if (state === "pulling" || typeof seconds !== "number") return { budgetMs: null, budgetFrom: null };
  return { budgetMs: seconds * 1000, budgetFrom: typeof from === "string" ? from : null };
}

function textOf({ data }: VmEvent, key: string): string | null {
  const value = data[key];
  return typeof value === "string" ? value : null;
}

/** The error of an event that tells of a failed attempt. */
function errorOf({ type, data }: VmEvent): AttemptError | null {
  const error = data["error"];
  return type === "attempt_failed" && isAttemptError(error) ? error : null;
}

function isAttemptError(value: unknown): value is AttemptError {
  return (
    typeof value === "object" && value !== null && "code" in value && "message" in value && "facts" in value
  );
}

/** The end of the log of `tart run`, where an event has it. */
export function logOf(event: VmEvent): string | null {
  return textOf(event, "log");
}
