import { setShareSchema, teamRecordSchema, teamSchema } from "@tartfleet/shared";
import { z } from "zod";
import { teamsFor, teamFor } from "../team-view.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { PROBLEMS } from "./schemas.ts";

const tags = ["Teams"];
const params = z.strictObject({ name: teamSchema });

export function teamRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/teams", {
    config: { action: "team.read" },
    schema: {
      tags,
      operationId: "listTeams",
      summary: "List teams, what each may have of the slots, what it has and how many of its VMs wait",
      response: { 200: z.object({ teams: z.array(teamRecordSchema) }), ...PROBLEMS },
    },
    handler: async (request) => ({ teams: teamsFor(useCases, requireCaller(request).principal) }),
  });

  app.get("/v1/teams/:name", {
    config: { action: "team.read" },
    schema: {
      tags,
      operationId: "getTeam",
      summary: "Get one team's share; of a team for which none was set, that of any team",
      params,
      response: { 200: teamRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => teamFor(useCases, requireCaller(request).principal, request.params.name),
  });

  app.put("/v1/teams/:name", {
    config: { action: "team.manage" },
    schema: {
      tags,
      operationId: "setTeam",
      summary: "Set what a team may have of the slots; holds at once, and ends nothing that has started",
      params,
      body: setShareSchema,
      response: { 200: teamRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.setTeam(requireCaller(request), request.params.name, request.body),
  });

  app.delete("/v1/teams/:name", {
    config: { action: "team.manage" },
    schema: {
      tags,
      operationId: "removeTeam",
      summary: "Take a team's share away: what holds for any team holds for it",
      params,
      response: { 204: z.null().describe("Removed"), ...PROBLEMS },
    },
    handler: async (request, reply) => {
      await useCases.removeTeam(requireCaller(request), request.params.name);
      return reply.code(204).send(null);
    },
  });
}
