import { z } from "zod";
import { keysOf } from "./keys.ts";

/** What went wrong with a call. The HTTP status and a title for people; `detail` is said where it happens. */
export const CALL_ERRORS = {
  malformed_json: { status: 400, title: "The body is not valid JSON" },
  invalid_request: { status: 400, title: "The request is not valid" },
  unauthenticated: { status: 401, title: "A valid token is needed" },
  forbidden: { status: 403, title: "This token may not do that" },
  enrolment_used_up: { status: 403, title: "The enrolment token has no uses left" },
  vm_not_found: { status: 404, title: "There is no such VM" },
  host_not_found: { status: 404, title: "There is no such host" },
  team_not_found: { status: 404, title: "There is no share of that team" },
  image_plan_not_found: { status: 404, title: "There is no such image plan" },
  channel_not_found: { status: 404, title: "There is no such channel" },
  pool_not_found: { status: 404, title: "There is no such pool" },
  token_not_found: { status: 404, title: "There is no such token" },
  tunnel_not_found: { status: 404, title: "There is no such tunnel to be opened" },
  webhook_not_found: { status: 404, title: "There is no such webhook" },
  delivery_not_found: { status: 404, title: "There is no such dead delivery" },
  route_not_found: { status: 404, title: "There is no such route" },
  method_not_allowed: { status: 405, title: "The route does not take this method" },
  idempotency_conflict: { status: 409, title: "The idempotency key was used with another body" },
  name_taken: { status: 409, title: "A live VM has that name" },
  webhook_exists: { status: 409, title: "There is a webhook of that name" },
  too_many_webhooks: { status: 409, title: "The fleet has as many webhooks as it may" },
  host_has_vms: { status: 409, title: "VMs are on the host" },
  token_ended: { status: 409, title: "The token was revoked or has expired" },
  job_mismatch: { status: 409, title: "The job id is not this VM's" },
  host_identity_conflict: { status: 409, title: "Another machine holds this host's name" },
  session_fenced: { status: 409, title: "A newer agent session speaks for this host" },
  vm_not_reachable: { status: 409, title: "The VM has no guest that could be reached now" },
  vm_not_holdable: { status: 409, title: "The VM has no instance that could be held" },
  tunnel_unsupported: { status: 409, title: "The agent of the VM's host is too old to open tunnels" },
  attempt_not_current: { status: 409, title: "The attempt is no longer this VM's" },
  protocol_unsupported: { status: 409, title: "Agent and control plane speak different protocol versions" },
  unschedulable: { status: 422, title: "No host of the fleet can ever take the VM" },
  payload_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The body must be application/json" },
  queue_full: { status: 429, title: "Too many VMs of the team wait" },
  too_many_tunnels: { status: 429, title: "Too many tunnels are open" },
  rate_limited: { status: 429, title: "Too many calls" },
  internal: { status: 500, title: "An error on our side" },
  host_silent: { status: 503, title: "The VM's host is silent" },
  tunnel_not_opened: { status: 504, title: "The host did not open the tunnel in time" },
  ci_unavailable: { status: 503, title: "The CI system gives no runner's credential now" },
  storage_busy: { status: 503, title: "The control plane's database is locked" },
  overloaded: { status: 503, title: "Too many come at once" },
  issuer_unreachable: { status: 503, title: "The issuer of the token cannot be reached" },
  shutting_down: { status: 503, title: "The control plane is shutting down" },
  storage_full: { status: 507, title: "The control plane's disk is full" },
} as const satisfies Record<string, { status: number; title: string }>;

export type CallErrorCode = keyof typeof CALL_ERRORS;

/**
 * Why an attempt failed before its VM was ready. `again`: "elsewhere" when another attempt, on another
 * host if one fits, may succeed; "never" when every host would say the same.
 */
export const ATTEMPT_ERRORS = {
  image_not_found: { again: "never" },
  image_unusable: { again: "never" },
  image_auth_failed: { again: "elsewhere" },
  registry_unreachable: { again: "elsewhere" },
  pull_stalled: { again: "elsewhere" },
  clone_failed: { again: "elsewhere" },
  resources_refused: { again: "elsewhere" },
  vm_limit_reached: { again: "elsewhere" },
  start_failed: { again: "elsewhere" },
  softnet_unavailable: { again: "elsewhere" },
  guest_unreachable: { again: "elsewhere" },
  guest_ended_early: { again: "elsewhere" },
  provision_failed: { again: "elsewhere" },
  runner_missing: { again: "never" },
  secrets_unreadable: { again: "never" },
  host_disk_full: { again: "elsewhere" },
  host_misconfigured: { again: "elsewhere" },
  tart_broken: { again: "elsewhere" },
  tart_timeout: { again: "elsewhere" },
  tart_failed: { again: "elsewhere" },
  instance_lost: { again: "elsewhere" },
  host_silent: { again: "elsewhere" },
  host_removed: { again: "elsewhere" },
  phase_timeout: { again: "elsewhere" },
} as const satisfies Record<string, { again: "elsewhere" | "never" }>;

export type AttemptErrorCode = keyof typeof ATTEMPT_ERRORS;
export const attemptErrorCodeSchema = z.enum(keysOf(ATTEMPT_ERRORS));

/** An expected failure on a host: a stable code, a sentence that says what to do, and the facts. No secrets. */
export const attemptErrorSchema = z.object({
  code: attemptErrorCodeSchema,
  message: z.string().max(2000),
  facts: z
    .record(z.string().max(64), z.union([z.string().max(8192), z.number(), z.boolean(), z.null()]))
    .default({}),
});
export type AttemptError = z.infer<typeof attemptErrorSchema>;

/** `application/problem+json` (RFC 9457) with a stable `code`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(keysOf(CALL_ERRORS)),
  detail: z.string(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  retryAfterSeconds: z.int().optional().describe("As the Retry-After header says it"),
});
export type Problem = z.infer<typeof problemSchema>;

/** An expected failure of a call, thrown by use cases and translated once at each face of the API. */
export class CallError extends Error {
  readonly code: CallErrorCode;
  readonly fields: readonly { path: string; message: string }[];
  /** When the same call may well succeed. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: CallErrorCode,
    detail: string,
    fields: readonly { path: string; message: string }[] = [],
    { retryAfterSeconds }: { retryAfterSeconds?: number } = {},
  ) {
    super(detail);
    this.name = "CallError";
    this.code = code;
    this.fields = fields;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The wire shape of a failed call. */
export function toProblem(error: CallError, requestId?: string): Problem {
  const { status, title } = CALL_ERRORS[error.code];
  return {
    type: `urn:tartfleet:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(requestId === undefined ? {} : { requestId }),
    ...(error.fields.length > 0 ? { errors: [...error.fields] } : {}),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  };
}
