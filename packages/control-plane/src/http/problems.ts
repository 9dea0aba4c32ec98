import { toProblem } from "@tartfleet/shared";
import type { CallErrorCode } from "@tartfleet/shared";
import type { FastifyReply, FastifyRequest } from "fastify";
import { callErrorOf } from "../api/errors.ts";

/** Seconds after which what failed may well succeed. */
const RETRY_AFTER: Partial<Record<CallErrorCode, number>> = { storage_busy: 2, storage_full: 10 };

const codes = new WeakMap<FastifyRequest, CallErrorCode>();

/** The code of the problem that a request was answered with, for the log. */
export function problemCodeOf(request: FastifyRequest): CallErrorCode | undefined {
  return codes.get(request);
}

/** Answers with what was thrown, as `application/problem+json`; a bug is logged and not told. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = callErrorOf(error);
  // A caller who went away while we worked makes streams fail; that is nobody's fault.
  if (known.code === "internal") request.log[reply.raw.destroyed ? "debug" : "error"]({ err: error }, "bug");
  const problem = toProblem(known, request.id);
  codes.set(request, problem.code);
  const retryAfter = RETRY_AFTER[problem.code];
  if (retryAfter !== undefined) void reply.header("retry-after", retryAfter);
  void reply
    .code(problem.status)
    .headers({ "content-type": "application/problem+json", "x-request-id": request.id })
    .serializer((payload) => (typeof payload === "string" ? payload : JSON.stringify(payload)))
    .send(problem);
}
