import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The caller's own `x-request-id` when it is sane, so that logs of both sides can be joined; or a new one. */
export function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}
