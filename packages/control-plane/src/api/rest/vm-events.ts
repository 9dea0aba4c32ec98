import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { CallError, isTerminal } from "@tartfleet/shared";
import type { VmEvent } from "@tartfleet/shared";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { afterSchema, eventsQuerySchema } from "../inputs.ts";
import { invalidRequest } from "../errors.ts";
import { live } from "../live.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { goneOf } from "./gone.ts";
import { eventsSchema, idParams, PROBLEMS } from "./schemas.ts";

/** A VM's history: as JSON, or followed live as server-sent events. */
export function vmEventRoutes(app: App, deps: RestDeps): void {
  app.get("/v1/vms/:id/events", {
    config: { action: "vm.read" },
    exposeHeadRoute: false,
    schema: {
      tags: ["VMs"],
      operationId: "listVmEvents",
      summary: "A VM's history; with Accept: text/event-stream also what comes, resumed by Last-Event-ID",
      params: idParams,
      querystring: eventsQuerySchema,
      response: {
        200: {
          description: "The history",
          content: {
            "application/json": { schema: eventsSchema },
            "text/event-stream": { schema: eventsSchema.shape.events.element },
          },
        },
        204: z.null().describe("A stream that is resumed after the VM's last event"),
        ...PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      if (!wantsStream(request)) {
        const { after, limit } = request.query;
        return { events: deps.useCases.vmEvents(id, after, limit) };
      }
      const lastSeen = lastEventIdOf(request);
      const after = lastSeen ?? request.query.after;
      const { state } = deps.useCases.getVm(id);
      // 204 is how an EventSource, which reconnects after every end, learns that this was the last.
      const isOver = isTerminal(state) && deps.useCases.vmEvents(id, after, 1).length === 0;
      if (isOver && lastSeen !== undefined) return reply.code(204).send(null);
      await stream(deps, id, after, request, reply);
      return reply;
    },
  });
}

const wantsStream = ({ headers }: FastifyRequest) => /\btext\/event-stream\b/i.test(headers.accept ?? "");

function lastEventIdOf({ headers }: FastifyRequest): number | undefined {
  const text = headers["last-event-id"];
  if (text === undefined || text === "") return undefined;
  const parsed = afterSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error.issues.map((issue) => ({ ...issue, path: ["last-event-id"] })));
}

async function stream(
  { useCases, draining, streamBeatMs }: RestDeps,
  id: string,
  after: number,
  request: FastifyRequest,
  reply: FastifyReply,
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
    const follow = (signal: AbortSignal) => useCases.followVmEvents(id, after, signal);
    await pipeline(frames(live({ access, draining }, follow, gone)), out);
  } catch (error) {
    if (!gone.aborted) request.log.error({ err: error, vmId: id }, "event stream broke off");
  } finally {
    clearInterval(beat);
    release();
  }
}

/** The stream's end says no more than that it ended: a shutdown or a revoked token is told at the next request. */
async function* frames(events: AsyncIterable<VmEvent>): AsyncGenerator<string, void> {
  try {
    for await (const event of events) {
      yield `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    }
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
  }
}

function keepAlive(out: ServerResponse): void {
  if (!out.writableNeedDrain && !out.writableEnded) out.write(": still here\n\n");
}
