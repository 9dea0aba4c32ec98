import type { z } from "zod";

/** An answer that is not a success, with GitHub's way to say why. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: object;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    more: { body?: object; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.body = { message, documentation_url: "https://docs.github.com/rest", ...more.body };
    this.headers = more.headers ?? {};
  }
}

export interface Call {
  request: Request;
  url: URL;
  /** What stands in the places of the path that the route leaves open. */
  at: Record<string, string>;
  /** The body, as the route's schema has it. Throws a refusal with 422. */
  body<T>(schema: z.ZodType<T>): Promise<T>;
}

type Handle = (call: Call) => Promise<Response> | Response;

export interface Route {
  method: string;
  pattern: RegExp;
  handle: Handle;
}

/** A route by its path as GitHub's documentation writes it: `/orgs/{org}/actions/runners`. */
export function route(line: string, handle: Handle): Route {
  const [method = "", path = ""] = line.split(" ");
  const pattern = new RegExp(`^${path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
  return { method, pattern, handle };
}

export function json(status: number, body: unknown): Response {
  return Response.json(body, { status });
}

/** @returns undefined when no route has the path and method */
export async function answer(
  routes: readonly Route[],
  request: Request,
  path: string,
): Promise<Response | undefined> {
  for (const { method, pattern, handle } of routes) {
    const found = pattern.exec(path);
    if (!found || method !== request.method) continue;
    return handle({
      request,
      url: new URL(request.url),
      at: found.groups ?? {},
      async body(schema) {
        const text = await request.text();
        const parsed = schema.safeParse(text === "" ? undefined : JSON.parse(text));
        if (parsed.success) return parsed.data;
        throw new Refusal(422, "Invalid request.", {
          body: { errors: parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) },
        });
      },
    });
  }
  return undefined;
}
