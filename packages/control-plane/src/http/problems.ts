import { toProblem } from "@tartfleet/shared";
import type { CallError, CallErrorCode } from "@tartfleet/shared";
import type { FastifyReply, FastifyRequest } from "fastify";
import { callErrorOf } from "../api/errors.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

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
  void reply
    .code(problem.status)
    .headers({
      // Also here: a request that the router gives up on has seen no hook.
      ...SECURITY_HEADERS,
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      "x-request-id": request.id,
      ...retryAfter(known),
    })
    .serializer((payload) => (typeof payload === "string" ? payload : JSON.stringify(payload)))
    .send(problem);
}

/** The header that belongs to a refusal that will pass. */
export function retryAfter({ retryAfterSeconds }: CallError): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
}
