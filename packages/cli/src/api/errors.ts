import { TartfleetError } from "@tartfleet/client";
import { CALL_ERRORS } from "@tartfleet/shared";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { unreachable } from "./failures.ts";

const ADVICE: Readonly<Record<string, readonly string[]>> = {
  unauthenticated: [
    "The token is unknown, expired or revoked. Ask an admin for one, then `tartfleet login`.",
  ],
  forbidden: ["Use a token whose role may do this."],
  name_taken: ["Choose another --name, or delete the VM that has it."],
  idempotency_conflict: ["The same --idempotency-key must come with the same VM; use a new key for another."],
  route_not_found: [
    "Is the URL the control plane's own, without /v1? If it is, CLI and control plane are of different versions.",
  ],
  shutting_down: ["It restarts; try again in a moment."],
  internal: ["The control plane's log has more under the request id."],
};

/** What a call's failure is to whoever typed the command; what is no failure of a call stays what it is. */
export function cliErrorOf(thrown: unknown, url: string): unknown {
  return thrown instanceof TartfleetError ? translated(thrown, url) : thrown;
}

/** @param url of the control plane */
export function translated(error: TartfleetError, url: string): CliError {
  const { code, call = "", status } = error;
  const target = call.replace(" ", ` ${url}`);
  if (code === "unreachable" || code === "untrusted") return unreachable(target, url, error.cause);
  if (code !== "not_tartfleet") return refusal(error);
  return status === undefined || status < 300 ? notUnderstood(target) : strangeAnswer(target, status, error);
}

/** An answer that is not what the API promises. */
export function notUnderstood(target: string): CliError {
  return new CliError(EXIT.unreachable, `The answer is not one of a tartfleet control plane (${target})`, {
    code: "not_tartfleet",
    advice: ["Check the URL. If it is right, CLI and control plane are of different versions."],
  });
}

function refusal(error: TartfleetError): CliError {
  const { code, status = 0, fields, requestId, isTransient, message } = error;
  // With the fields below it, a sentence that lists them says it twice.
  const isListed = fields.length > 0 && code !== "unschedulable";
  return new CliError(exitOf(status, code), isListed ? titleOf(code, message) : message, {
    code,
    status,
    transient: isTransient,
    advice: ADVICE[code] ?? [],
    ...(fields.length > 0 ? { fields } : {}),
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** A newer control plane has codes that are not known here. */
function titleOf(code: string, otherwise: string): string {
  return new Map(Object.entries(CALL_ERRORS)).get(code)?.title ?? otherwise;
}

/** An error that tartfleet did not write: another server, or a proxy on the way. */
function strangeAnswer(target: string, status: number, { isTransient, location }: TartfleetError): CliError {
  if (status === 401 || status === 403) {
    return new CliError(EXIT.refused, `Refused with HTTP ${status}, but not by tartfleet (${target})`, {
      code: "not_tartfleet",
      status,
      advice: ["Is there a proxy on the way that wants something else?"],
    });
  }
  if (status >= 500 || status === 429) {
    return new CliError(EXIT.unreachable, `HTTP ${status}, but not from tartfleet (${target})`, {
      code: "not_tartfleet",
      status,
      transient: isTransient,
      advice: ["Is the control plane behind that proxy running?"],
    });
  }
  const redirected = status < 400 && location;
  return new CliError(EXIT.unreachable, `HTTP ${status}: not a tartfleet control plane (${target})`, {
    code: "not_tartfleet",
    status,
    advice: [redirected ? `It points to ${location}; should the URL be that one?` : "Check the URL."],
  });
}

function exitOf(status: number, code: string): number {
  if (status === 401 || status === 403) return EXIT.refused;
  if (status === 404) return code === "route_not_found" ? EXIT.unreachable : EXIT.notFound;
  if (status === 409) return EXIT.conflict;
  return status >= 500 || status === 429 ? EXIT.unreachable : EXIT.usage;
}
