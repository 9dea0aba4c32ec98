import { enrolledHostSchema, problemSchema, type EnrolHost } from "@tartfleet/shared";
import { failed, ok, type Result } from "../tart/result.ts";

/** refused: by the control plane · unreachable: nobody answers · not_a_control_plane: somebody else does */
export interface EnrolFailure {
  kind: "refused" | "unreachable" | "not_a_control_plane";
  message: string;
}

const LIMIT_MS = 15_000;

/** Makes this machine a host of the fleet: `POST /v1/hosts` with an enrolment token, answered by a credential. */
export async function enrol(
  url: string,
  enrolmentToken: string,
  host: EnrolHost,
): Promise<Result<{ name: string; credential: string }, EnrolFailure>> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${url}/v1/hosts`, {
      method: "POST",
      redirect: "error",
      headers: { authorization: `Bearer ${enrolmentToken}`, "content-type": "application/json" },
      body: JSON.stringify(host),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    body = await response.json().catch(() => undefined);
  } catch (error) {
    return failed({ kind: "unreachable", message: `no answer from ${url} (${reasonOf(error)})` });
  }
  const enrolled = enrolledHostSchema.safeParse(body);
  if (response.status === 201 && enrolled.success) return ok(enrolled.data);
  const problem = problemSchema.safeParse(body);
  if (!problem.success || problem.data.code === "route_not_found") {
    const message = `what answers at ${url} is no tartfleet control plane (HTTP ${response.status})`;
    return failed({ kind: "not_a_control_plane", message });
  }
  const { title, detail, errors = [] } = problem.data;
  const fields = errors.map(({ path, message }) => `${path} ${message}`);
  return failed({ kind: "refused", message: [`${title}: ${detail}`, ...fields].join("; ") });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}
