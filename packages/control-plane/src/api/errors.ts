import { TRPCError } from "@trpc/server";
import { CallError } from "@tartfleet/shared";
import type { CallErrorCode } from "@tartfleet/shared";
import { z } from "zod";
import { fieldsOf } from "./fields.ts";

/** What Fastify's own refusals are in our words; all else with a 4xx status is `invalid_request`. */
const FRAMEWORK_CODES: Readonly<Record<string, CallErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "payload_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_INVALID_JSON_BODY: "malformed_json",
  FST_ERR_MAX_PARAM_LENGTH: "route_not_found",
  FST_ERR_NOT_FOUND: "route_not_found",
};

const TRPC_CODES: Partial<Record<TRPCError["code"], CallErrorCode>> = {
  PARSE_ERROR: "malformed_json",
  BAD_REQUEST: "invalid_request",
  NOT_FOUND: "route_not_found",
  METHOD_NOT_SUPPORTED: "method_not_allowed",
  PAYLOAD_TOO_LARGE: "payload_too_large",
  UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
};

const DETAILS: Partial<Record<CallErrorCode, string>> = {
  payload_too_large: "The body must not be larger than 256 KiB",
  unsupported_media_type: "Send the body as JSON, with content-type: application/json",
};

/**
 * The one place where anything thrown becomes an error of the API.
 *
 * @returns `code` "internal" for everything that is a bug: its text goes to the log and never to the caller
 */
export function callErrorOf(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown;
  if (thrown instanceof z.ZodError) return invalidRequest(thrown.issues);
  if (thrown instanceof TRPCError) return fromTrpc(thrown);
  if (thrown instanceof Error) return fromFramework(thrown) ?? internal();
  return internal();
}

/** Nobody reads more; a body of unknown keys must not come back many times its size. */
const MOST_FIELDS = 100;

/** Every field that is wrong, in one error. */
export function invalidRequest(issues: readonly z.core.$ZodIssue[]): CallError {
  const fields = fieldsOf(issues);
  const names = [...new Set(fields.map((field) => field.path || "the body"))];
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  const detail = `Not valid: ${names.slice(0, 10).join(", ")}${more}`;
  return new CallError("invalid_request", detail, fields.slice(0, MOST_FIELDS));
}

function internal(): CallError {
  return new CallError("internal", "Something failed on our side; the log tells more under the request id");
}

function fromTrpc(error: TRPCError): CallError {
  const code = error.cause instanceof SyntaxError ? "malformed_json" : TRPC_CODES[error.code];
  // tRPC wraps what a procedure or a parser throws, and has errors of its own without a cause of ours.
  if (error.cause instanceof CallError || error.cause instanceof z.ZodError) return callErrorOf(error.cause);
  return code ? new CallError(code, DETAILS[code] ?? error.message) : internal();
}

function fromFramework(error: Error): CallError | undefined {
  const status = "statusCode" in error ? error.statusCode : undefined;
  if (typeof status !== "number" || status < 400 || status > 499) return undefined;
  const known = "code" in error ? FRAMEWORK_CODES[String(error.code)] : undefined;
  const code = known ?? (error instanceof SyntaxError ? "malformed_json" : "invalid_request");
  return new CallError(code, DETAILS[code] ?? error.message);
}
