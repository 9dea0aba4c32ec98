import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { CallError } from "@tartfleet/shared";
import type { FastifyReply, FastifyRequest } from "fastify";
import { live } from "../live.ts";
import type { RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { goneOf } from "./gone.ts";

/** Whether the caller asks for server-sent events. */
export function wantsStream({ headers }: FastifyRequest): boolean {
  return /\btext\/event-stream\b/i.test(headers.accept ?? "");
}

/** Answers with what `follow` yields, as server-sent events, until it ends or its reader goes away. */
export async function streamEvents<T>(
  { draining, streamBeatMs }: Pick<RestDeps, "draining" | "streamBeatMs">,
  request: FastifyRequest,
  reply: FastifyReply,
  follow: (signal: AbortSignal) => AsyncGenerator<T, void>,
  frameOf: (value: T) => string,
): Promise<void> {
  const { access } = requireCaller(request);
  const gone = goneOf(reply);
  reply.hijack();
  const out = reply.raw;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) out.setHeader(name, value);
  }
  out.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  out.flushHeaders();
  // The stream ends by itself, unless its reader does not read.
  const release = access.whenInvalid(() => {
    if (out.writableNeedDrain) out.destroy();
  });
  const beat = setInterval(() => keepAlive(out), streamBeatMs);
  try {
    await pipeline(frames(live({ access, draining }, follow, gone), frameOf), out);
  } catch (error) {
    if (!gone.aborted) request.log.error({ err: error, url: request.url }, "event stream broke off");
  } finally {
    clearInterval(beat);
    release();
  }
}

/** The stream's end says no more than that it ended: a shutdown or a revoked token is told at the next request. */
async function* frames<T>(
  values: AsyncIterable<T>,
  frameOf: (value: T) => string,
): AsyncGenerator<string, void> {
  try {
    for await (const value of values) yield frameOf(value);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
  }
}

function keepAlive(out: ServerResponse): void {
  if (!out.writableNeedDrain && !out.writableEnded) out.write(": still here\n\n");
}
