import type { TRPCError } from "@trpc/server";
import type { FastifyBaseLogger } from "fastify";
import { callErrorOf } from "../api/errors.ts";

/** What went wrong in a tRPC call. */
interface Failure {
  error: TRPCError;
  /** The procedure; unknown when the peer sent no call at all, or its connection broke. */
  path: string | undefined;
  /** Where the log does not have it yet. */
  requestId?: string | undefined;
}

/** Logs bugs as errors and refusals for what they are; all else is the caller's own affair. */
export function logTrpcFailure(log: FastifyBaseLogger, { error, path, requestId }: Failure): void {
  const { code } = callErrorOf(error);
  const about = { ...(requestId === undefined ? {} : { requestId }), procedure: path?.slice(0, 255), code };
  if (code === "forbidden" || code === "unauthenticated") log.info(about, "call refused");
  else if (code !== "internal") log.debug(about, "call failed");
  else if (path === undefined) log.info({ ...about, reason: error.message }, "connection failed");
  else log.error({ ...about, err: error.cause ?? error }, "bug");
}
