import { call as callHttp } from "@tartfleet/tls";
import type { z } from "zod";
import { CliError } from "../cli-error.ts";
import type { Connection } from "../connection.ts";
import { unreachable } from "./failures.ts";
import { notUnderstood, refusal } from "./refusals.ts";

const ANSWER_WITHIN_MS = 30_000;

export interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Under the control plane's URL, each part encoded: `/v1/vms/abc`. */
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** How much longer than usual the answer may take. */
  patienceMs?: number;
}

/** The answer's body, as the server sent it. Every failure is a CliError, but for the abort of `signal`. */
export async function callJson<S extends z.ZodType>(
  connection: Connection,
  call: Call,
  schema: S,
): Promise<{ status: number; body: z.output<S> }> {
  const within = AbortSignal.timeout(ANSWER_WITHIN_MS + (call.patienceMs ?? 0));
  const signal = call.signal ? AbortSignal.any([call.signal, within]) : within;
  const response = await send(connection, { ...call, signal });
  const body = parse(await readText(response, connection, call));
  if (!matches(schema, body)) throw notUnderstood(targetOf(connection, call));
  return { status: response.status, body };
}

/** For calls that answer without a body. */
export async function callEmpty(connection: Connection, call: Call): Promise<void> {
  const response = await send(connection, { ...call, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  await response.body?.cancel();
}

/** A 2xx answer whose body has not been read yet. */
export async function send(connection: Connection, call: Call): Promise<Response> {
  let response: Response;
  try {
    response = await callHttp(urlOf(connection, call), connection.trust, {
      method: call.method,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${connection.token}`,
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  } catch (error) {
    throw failureOf(error, connection, call);
  }
  if (response.ok) return response;
  const body = parse(await readText(response, connection, call));
  throw refusal(targetOf(connection, call), response.status, body, response.headers.get("location"));
}

/** The abort that the caller asked for stays what it is; everything else is a missing answer. */
export function failureOf(error: unknown, connection: Connection, call: Call): unknown {
  if (error instanceof CliError) return error;
  if (call.signal?.aborted && !isTimeout(call.signal.reason)) return error;
  const cause = call.signal?.aborted ? call.signal.reason : error;
  return unreachable(targetOf(connection, call), connection.url, cause);
}

function targetOf({ url }: Connection, { method, path }: Call): string {
  return `${method} ${url}${path}`;
}

/** A type guard, so that the server's own body is passed on with whatever a newer version adds to it. */
export function matches<S extends z.ZodType>(schema: S, value: unknown): value is z.output<S> {
  return schema.safeParse(value).success;
}

async function readText(response: Response, connection: Connection, call: Call): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw failureOf(error, connection, call);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function urlOf({ url }: Connection, { path, query = {} }: Call): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `${url}${path}${parameters.size > 0 ? `?${parameters.toString()}` : ""}`;
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
