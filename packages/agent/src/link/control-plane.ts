import type {
  AssignmentSet,
  AttemptRef,
  Bootstrap,
  Hello,
  HostFacts,
  Problem,
  Report,
  ReportResult,
  TagAnswer,
  Welcome,
} from "@tartfleet/shared";
import type { Result } from "../tart/result.ts";

/**
 * Why a call was not answered as asked.
 *
 * problem: the control plane said no, with a stable code · refused: the connection itself was answered
 * with an HTTP status, and perhaps when to come back · lost: no answer, the outcome is unknown · unreadable: the answer is not one that
 * this agent understands
 */
export type CallFailure =
  | { kind: "problem"; code: Problem["code"]; message: string }
  | { kind: "refused"; status: number; retryAfterMs: number; message: string }
  | { kind: "lost"; message: string }
  | { kind: "unreadable"; message: string };

/** What the control plane cannot do now and can do later, over the same connection. */
const PASSING = new Set<Problem["code"]>(["storage_full", "storage_busy"]);

export function isPassing(failure: CallFailure): boolean {
  return failure.kind === "problem" && PASSING.has(failure.code);
}

export type Answer<T> = Result<T, CallFailure>;

/** What an agent says to its control plane over one connection. No call throws. */
export interface Connection {
  hello(hello: Hello, signal: AbortSignal): Promise<Answer<Welcome>>;
  /** Calls back with each whole set, until the subscription is over; then resolves with why. */
  assignments(epoch: number, onSet: (set: AssignmentSet) => void, signal: AbortSignal): Promise<CallFailure>;
  report(epoch: number, reports: readonly Report[], signal: AbortSignal): Promise<Answer<ReportResult[]>>;
  heartbeat(epoch: number, facts: HostFacts | undefined, signal: AbortSignal): Promise<Answer<void>>;
  /** What was learned of a reference that the set of assignments asked about. */
  resolved(epoch: number, reference: string, answer: TagAnswer, signal: AbortSignal): Promise<Answer<void>>;
  bootstrap(epoch: number, attempt: AttemptRef, signal: AbortSignal): Promise<Answer<Bootstrap>>;
  /** Resolves when the connection is no more. */
  readonly closed: Promise<CallFailure>;
  close(): void;
}

/** The way to a control plane; the simulation has one without sockets. */
export interface ControlPlane {
  connect(signal: AbortSignal): Promise<Answer<Connection>>;
}
