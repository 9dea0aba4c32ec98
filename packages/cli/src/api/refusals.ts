import { problemSchema } from "@tartfleet/shared";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import type { Target } from "./failures.ts";

/** The wire's codes are a closed set only for one version; here an unknown one is passed on. */
const anyProblem = problemSchema.extend({ code: problemSchema.shape.code.or(problemSchema.shape.title) });

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

/** What an answer that is not 2xx means. */
export function refusal(target: Target, status: number, body: unknown, location?: string | null): CliError {
  const problem = anyProblem.safeParse(body);
  if (!problem.success) return strangeAnswer(target, status, location);
  const { code, title, detail, errors, requestId } = problem.data;
  // With the fields below it, a sentence that lists them says it twice.
  const isListed = errors !== undefined && code !== "unschedulable";
  return new CliError(exitOf(status, code), isListed || detail === "" ? title : detail, {
    code,
    status,
    transient: status >= 500 || status === 429,
    advice: ADVICE[code] ?? [],
    ...(errors ? { fields: errors } : {}),
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** A 2xx answer that is not what the API promises. */
export function notUnderstood(target: Target): CliError {
  return new CliError(EXIT.unreachable, `The answer is not one of a tartfleet control plane (${target})`, {
    code: "not_tartfleet",
    advice: ["Check the URL. If it is right, CLI and control plane are of different versions."],
  });
}

/** An error that tartfleet did not write: another server, or a proxy on the way. */
function strangeAnswer(target: Target, status: number, location?: string | null): CliError {
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
      transient: true,
      advice: ["Is the control plane behind that proxy running?"],
    });
  }
  const redirected = status >= 300 && status < 400 && location;
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
