import type { FastifyReply } from "fastify";

/** Aborts when the caller goes away, or when the answer is out. */
export function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}
