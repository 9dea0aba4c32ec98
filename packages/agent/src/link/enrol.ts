import { enrolledHostSchema, problemSchema, type EnrolHost } from "@tartfleet/shared";
import { call, PinMismatchError, type Trust } from "@tartfleet/tls";
import { failed, ok, type Result } from "../tart/result.ts";

/**
 * refused: by the control plane · unreachable: nobody answers · not_trusted: nobody who proved to be the
 * control plane, so nothing was sent · not_a_control_plane: somebody else answers
 */
export interface EnrolFailure {
  kind: "refused" | "unreachable" | "not_trusted" | "not_a_control_plane";
  message: string;
}

const LIMIT_MS = 15_000;

/** Makes this machine a host of the fleet: `POST /v1/hosts` with an enrolment token, answered by a credential. */
export async function enrol(
  url: string,
  enrolmentToken: string,
  host: EnrolHost,
  trust: Trust,
): Promise<Result<{ name: string; credential: string }, EnrolFailure>> {
  let response: Response;
  let body: unknown;
  try {
    response = await call(`${url}/v1/hosts`, trust, {
      method: "POST",
      headers: { authorization: `Bearer ${enrolmentToken}`, "content-type": "application/json" },
      body: JSON.stringify(host),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    body = await response.json().catch(() => undefined);
  } catch (error) {
    if (isDistrust(error)) return failed({ kind: "not_trusted", message: `${url}: ${error.message}` });
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
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}

/** OpenSSL's words for a certificate that it does not take, as Node passes them on in `code`. */
const UNTRUSTED =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_)/;

function isDistrust(error: unknown): error is Error {
  if (error instanceof PinMismatchError) return true;
  return error instanceof Error && "code" in error && UNTRUSTED.test(String(error.code));
}
