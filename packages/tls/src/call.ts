import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { agentFor } from "./agent.ts";
import type { Trust } from "./trust.ts";

export interface CallOptions {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Statuses of which a Response may have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * `fetch` with a say in whom to trust, which Node's own has not: one request on a connection of its own.
 * Redirects are not followed: they could lead a token elsewhere.
 *
 * @throws the system's, OpenSSL's or the parser's error as it is, a PinMismatchError, or the signal's reason
 */
export function call(url: string, trust: Trust, options: CallOptions = {}): Promise<Response> {
  const { method = "GET", headers = {}, body, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  if (signal?.aborted) return Promise.reject(signal.reason);
  const start = new URL(url).protocol === "https:" ? httpsRequest : httpRequest;
  const request = start(url, { method, headers, agent: agentFor(url, trust) });
  let answer: IncomingMessage | undefined;
  const abort = () => {
    reject(signal?.reason);
    if (answer) answer.destroy(signal?.reason);
    else request.destroy();
  };
  signal?.addEventListener("abort", abort, { once: true });
  request.once("close", () => signal?.removeEventListener("abort", abort));
  request.on("error", reject);
  request.once("response", (response) => {
    answer = response;
    resolve(toResponse(response));
  });
  request.end(body);
  return promise;
}

function toResponse(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at] ?? "", message.rawHeaders[at + 1] ?? "");
  }
  if (WITHOUT_BODY.has(status)) message.resume();
  return new Response(WITHOUT_BODY.has(status) ? null : bodyOf(message), { status, headers });
}

/** Node's web stream is the standard's in all but its declaration. */
function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Readable.toWeb(message) as ReadableStream<Uint8Array>;
}
