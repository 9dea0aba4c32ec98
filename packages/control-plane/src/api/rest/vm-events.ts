import { isTerminal, type VmEvent } from "@tartfleet/shared";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { afterSchema, eventsQuerySchema } from "../inputs.ts";
import { invalidRequest } from "../errors.ts";
import type { App, RestDeps } from "./app.ts";
import { streamEvents, wantsStream } from "./event-stream.ts";
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
      const follow = (signal: AbortSignal) => deps.useCases.followVmEvents(id, after, signal);
      await streamEvents(deps, request, reply, follow, frameOf);
      return reply;
    },
  });
}

function lastEventIdOf({ headers }: FastifyRequest): number | undefined {
  const text = headers["last-event-id"];
  if (text === undefined || text === "") return undefined;
  const parsed = afterSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error.issues.map((issue) => ({ ...issue, path: ["last-event-id"] })));
}

function frameOf(event: VmEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
