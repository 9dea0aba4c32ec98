import {
  attemptRecordSchema,
  attemptsQuerySchema,
  boardSchema,
  CallError,
  capacityQuerySchema,
  capacitySchema,
  changesSchema,
  queuePageSchema,
  queueQuerySchema,
  TOPICS,
  type Topic,
} from "@tartfleet/shared";
import { z } from "zod";
import { teamBoundOf } from "../authorize.ts";
import { jsonOf } from "../json.ts";
import { capacityFor } from "../team-view.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { streamEvents, wantsStream } from "./event-stream.ts";
import { PROBLEMS } from "./schemas.ts";

const tags = ["Fleet"];

const dataOf = (value: object): string => `data: ${jsonOf(value)}\n\n`;

/** The fleet as a whole: what it can take, how it stands, who waits. */
export function fleetRoutes(app: App, deps: RestDeps): void {
  const { useCases } = deps;

  app.get("/v1/fleet/capacity", {
    config: { action: "capacity.read" },
    schema: {
      tags,
      operationId: "getCapacity",
      summary: "Slots of the fleet and the length of its queue; with a query, room for VMs of that kind",
      querystring: capacityQuerySchema,
      response: { 200: capacitySchema, ...PROBLEMS },
    },
    handler: async (request) => capacityFor(useCases, requireCaller(request).principal, request.query),
  });

  app.get("/v1/attempts", {
    config: { action: "fleet.watch" },
    schema: {
      tags,
      operationId: "listAttempts",
      summary: "What became of the newest attempts to bring a VM up, on a host or of an image, newest first",
      querystring: attemptsQuerySchema,
      response: { 200: z.object({ attempts: z.array(attemptRecordSchema) }), ...PROBLEMS },
    },
    handler: async (request) => {
      const team = teamBoundOf(requireCaller(request).principal);
      return { attempts: useCases.listAttempts(request.query, team) };
    },
  });

  app.get("/v1/fleet/board", {
    config: { action: "fleet.watch" },
    exposeHeadRoute: false,
    schema: {
      tags,
      operationId: "getBoard",
      summary:
        "The fleet at a glance: every host with its slots, and the numbers of now and of the last hour; with Accept: text/event-stream also what changes on it",
      response: {
        200: {
          description: "The board",
          content: {
            "application/json": { schema: boardSchema },
            "text/event-stream": { schema: boardSchema },
          },
        },
        ...PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const team = teamBoundOf(requireCaller(request).principal);
      if (!wantsStream(request)) return useCases.fleetBoard(team);
      await streamEvents(deps, request, reply, (signal) => useCases.watchFleet(team, signal), dataOf);
      return reply;
    },
  });

  app.get("/v1/fleet/changes", {
    config: { action: "fleet.watch" },
    exposeHeadRoute: false,
    schema: {
      tags,
      operationId: "watchChanges",
      summary:
        "What is to be read again by those who show it: all of it at first, then what changes, at most once a second; with Accept: text/event-stream alone",
      response: {
        200: {
          description: "Topics that changed",
          content: { "text/event-stream": { schema: changesSchema } },
        },
        ...PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      if (!wantsStream(request))
        throw new CallError(
          "invalid_request",
          "This is told as it happens, and never all of it: ask with Accept: text/event-stream.",
        );
      await streamEvents(deps, request, reply, (signal) => changesFrom(useCases, signal), dataOf);
      return reply;
    },
  });

  app.get("/v1/fleet/queue", {
    config: { action: "fleet.watch" },
    schema: {
      tags,
      operationId: "getQueue",
      summary: "Who waits, why, and until when: the first of each line",
      querystring: queueQuerySchema,
      response: { 200: queuePageSchema, ...PROBLEMS },
    },
    handler: async (request) =>
      useCases.queuePage(request.query.limit, teamBoundOf(requireCaller(request).principal)),
  });
}

/** What changed before the connection nobody knows: at first all is to be read. */
async function* changesFrom(
  { watchTopics }: Pick<RestDeps["useCases"], "watchTopics">,
  signal: AbortSignal,
): AsyncGenerator<{ topics: readonly Topic[] }, void> {
  yield { topics: TOPICS };
  yield* watchTopics(signal);
}
