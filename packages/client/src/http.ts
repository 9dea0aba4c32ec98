import { TartfleetError, type ErrorFacts } from "./error.ts";
import type { Outage } from "./outage.ts";
import type { Problem } from "./wire.ts";

const ANSWER_WITHIN_MS = 30_000;
const NO_CONTENT = 204;

/** Where calls go, and by what. */
export interface Target {
  /** Of the control plane, without a slash at its end. */
  url: string;
  token: string;
  fetch: typeof fetch;
  outage: Outage;
}

export interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Under the control plane's URL, each part encoded. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** How much longer than usual the answer may take. */
  patienceMs?: number;
}

export interface Answer<T> {
  status: number;
  body: T;
}

/**
 * One call, sent once. Its answer is taken for what the API promises, which the types are made from; null where it
 * promises nothing.
 *
 * @throws TartfleetError, or the reason of `signal`
 */
export async function callJson<T>(target: Target, call: Call): Promise<Answer<T>> {
  const within = AbortSignal.timeout(ANSWER_WITHIN_MS + (call.patienceMs ?? 0));
  const signal = call.signal ? AbortSignal.any([call.signal, within]) : within;
  const response = await send(target, { ...call, signal: call.signal }, signal);
  const text = await textOf(response, call);
  const body = response.status === NO_CONTENT ? null : parsed(text);
  if (typeof body !== "object") throw strange(call, { status: response.status });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { status: response.status, body: body as T };
}

/** A 2xx answer whose body has not been read yet; `signal` ends it, that of the call says who wanted it. */
export async function send(target: Target, call: Call, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await target.fetch(urlOf(target, call), {
      method: call.method,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${target.token}`,
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      // A redirect could lead the token elsewhere.
      redirect: "error",
      signal,
    });
  } catch (error) {
    throw failureOf(error, call);
  }
  if (response.ok) {
    target.outage.answered();
    return response;
  }
  const { status, headers } = response;
  throw refusal(call, { status, text: await textOf(response, call), headers });
}

/** What the caller aborted stays what it is; all else is an answer that did not come. */
export function failureOf(error: unknown, call: Pick<Call, "method" | "path" | "signal">): unknown {
  if (call.signal?.aborted) return call.signal.reason;
  if (error instanceof TartfleetError) return error;
  const why = error instanceof Error ? causeOf(error) : String(error);
  return new TartfleetError("unreachable", `${nameOf(call)}: no answer: ${why}`, {
    call: nameOf(call),
    cause: error,
  });
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function causeOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}

async function textOf(response: Response, call: Call): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw failureOf(error, call);
  }
}

interface Refused {
  status: number;
  text: string;
  headers?: Headers;
}

/** What an answer that is not 2xx means. */
export function refusal(
  call: Pick<Call, "method" | "path">,
  { status, text, headers }: Refused,
): TartfleetError {
  const body = parsed(text);
  const retryAfterSeconds = secondsOf(headers?.get("retry-after") ?? null);
  const location = headers?.get("location") ?? undefined;
  if (!isProblem(body)) return strange(call, { status, retryAfterSeconds, location });
  return new TartfleetError(body.code, body.detail || body.title, {
    call: nameOf(call),
    status,
    requestId: body.requestId,
    fields: body.errors,
    retryAfterSeconds: body.retryAfterSeconds ?? retryAfterSeconds,
  });
}

function strange(call: Pick<Call, "method" | "path">, facts: ErrorFacts): TartfleetError {
  const message = `${nameOf(call)}: HTTP ${facts.status}, but not from a tartfleet control plane. Check the URL, and any proxy on the way.`;
  return new TartfleetError("not_tartfleet", message, { ...facts, call: nameOf(call) });
}

function nameOf({ method, path }: Pick<Call, "method" | "path">): string {
  return `${method} ${path}`;
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === "object" &&
    body !== null &&
    "code" in body &&
    typeof body.code === "string" &&
    "title" in body &&
    typeof body.title === "string" &&
    "detail" in body &&
    typeof body.detail === "string"
  );
}

/** Retry-After in seconds, or as a date (RFC 9110 §10.2.3). */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

function urlOf({ url }: Target, { path, query = {} }: Call): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const search = parameters.toString();
  return `${url}${path}${search === "" ? "" : `?${search}`}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
