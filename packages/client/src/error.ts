import type { Problem } from "./wire.ts";

/**
 * `unreachable`: no answer came, but what was asked may have been done · `untrusted`: what answered is not the control
 * plane that the token knows · `not_tartfleet`: an answer that no control plane gives · and what the API answers
 * itself; a newer control plane may have codes that are not listed here.
 */
export type ErrorCode = Problem["code"] | "unreachable" | "untrusted" | "not_tartfleet" | (string & {});

export interface ErrorFacts {
  /** What was asked, like `GET /v1/vms`. */
  call?: string | undefined;
  /** HTTP. */
  status?: number | undefined;
  /** Stands in the control plane's log. */
  requestId?: string | undefined;
  /** Every field of the request that is wrong. */
  fields?: readonly { path: string; message: string }[] | undefined;
  retryAfterSeconds?: number | undefined;
  /** Where the answer points to, which is not followed: it could lead the token elsewhere. */
  location?: string | undefined;
  cause?: unknown;
}

/** Every expected failure of a call, by its code; what a signal aborts rejects with the signal's reason instead. */
export class TartfleetError extends Error {
  override readonly name = "TartfleetError";
  readonly code: ErrorCode;
  readonly call: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly fields: readonly { path: string; message: string }[];
  /** When the same call may well succeed. */
  readonly retryAfterSeconds: number | undefined;
  readonly location: string | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.call = facts.call;
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.fields = facts.fields ?? [];
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.location = facts.location;
  }

  /** Whether the same call, sent again, may succeed: the control plane is away, restarts or has too much to do. */
  get isTransient(): boolean {
    if (this.status === undefined) return this.code === "unreachable";
    return this.status === 429 || this.status >= 502;
  }
}
