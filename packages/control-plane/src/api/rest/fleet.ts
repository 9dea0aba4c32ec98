import {
  attemptRecordSchema,
  attemptsQuerySchema,
  boardSchema,
  capacityQuerySchema,
  capacitySchema,
  queuePageSchema,
  queueQuerySchema,
} from "@tartfleet/shared";
import { z } from "zod";
import { teamBoundOf } from "../authorize.ts";
import { capacityFor } from "../team-view.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { PROBLEMS } from "./schemas.ts";

const tags = ["Fleet"];

/** The fleet as a whole: what it can take, how it stands, who waits. */
export function fleetRoutes(app: App, { useCases }: RestDeps): void {
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
    schema: {
      tags,
      operationId: "getBoard",
      summary:
        "The fleet at a glance: every host with its slots, and the numbers of now and of the last hour",
      response: { 200: boardSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.fleetBoard(teamBoundOf(requireCaller(request).principal)),
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
