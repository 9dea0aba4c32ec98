import type { z } from "zod";
import { CiError } from "./poll.ts";
import { messageOf } from "./message-of.ts";

export type Fetch = (request: Request) => Promise<Response>;

/** Without an answer for so long a request has failed. */
const TIMEOUT_MS = 30_000;
/** After a refusal that does not say for how long. */
const PAUSE_MS = 60_000;

/** A CI system refused, or did not answer as it should. `status` 0: it did not answer at all. */
export class CiApiError extends CiError {
  override readonly name = "CiApiError";
  readonly status: number;

  constructor(message: string, status: number, restMs = 0) {
    super(message, restMs);
    this.status = status;
  }
}

export interface CiApi {
  /** @throws CiApiError */
  call<T extends z.ZodType>(line: string, schema: T, body?: unknown): Promise<z.output<T>>;
}

/**
 * Requests to a CI system's REST API, whose answers are checked. After 429, and after 503 that says for how long,
 * nothing is asked until it may be again.
 *
 * @param system what it is called in errors
 */
export function makeCiApi(
  system: string,
  {
    url,
    headers,
    fetch,
    now,
  }: { url: string; headers: Record<string, string>; fetch: Fetch; now: () => number },
): CiApi {
  let restsUntil = 0;

  async function answerOf(method: string, path: string, body: unknown): Promise<Response> {
    const request = new Request(`${url}${path}`, {
      method,
      headers: { accept: "application/json", "content-type": "application/json", ...headers },
      // A sign-in page that one is sent to is no answer.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    try {
      return await fetch(request);
    } catch (error) {
      throw new CiApiError(`${system} does not answer: ${messageOf(error)}`, 0);
    }
  }

  return {
    async call(line, schema, body) {
      const restMs = restsUntil - now();
      if (restMs > 0)
        throw new CiApiError(
          `${system} asked not to be asked for another ${Math.ceil(restMs / 1000)} s.`,
          429,
          restMs,
        );
      const [method = "", path = ""] = line.split(" ");
      const response = await answerOf(method, path, body);
      const { status } = response;
      const after = Number(response.headers.get("retry-after") ?? Number.NaN);
      if (status === 429 || (status === 503 && after > 0))
        restsUntil = now() + (after > 0 ? after * 1000 : PAUSE_MS);
      if (!response.ok || status === 203) {
        await response.body?.cancel();
        throw new CiApiError(
          `${system} answered ${status} to ${method} ${path}.${cureOf(status)}`,
          status,
          Math.max(0, restsUntil - now()),
        );
      }
      const parsed = schema.safeParse(await jsonOf(response));
      if (parsed.success) return parsed.data;
      throw new CiApiError(
        `${system} answered ${method} ${path} with something else than is documented.`,
        status,
      );
    },
  };
}

function cureOf(status: number): string {
  // 203 and 302 lead to Azure's sign-in page: a token that has expired is asked to sign in.
  if ([203, 302, 401].includes(status)) return " The token is not valid, or not any more: make a new one.";
  return status === 403 ? " The token may not do that: see the permissions in docs/ci." : "";
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => "");
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
