import { createdTokenSchema, createTokenSchema, rotateTokenSchema } from "@tartfleet/shared";
import { z } from "zod";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { idParams, PROBLEMS, tokensSchema } from "./schemas.ts";

const tags = ["Tokens"];
const config = { action: "token.manage" } as const;

export function tokenRoutes(app: App, { useCases }: RestDeps): void {
  app.post("/v1/tokens", {
    config,
    schema: {
      tags,
      operationId: "createToken",
      summary: "Make a token; it is shown once and stored hashed",
      body: createTokenSchema,
      response: { 201: createdTokenSchema, ...PROBLEMS },
    },
    handler: async (request, reply) =>
      reply.code(201).send(await useCases.createToken(requireCaller(request), request.body)),
  });

  app.get("/v1/tokens", {
    config,
    schema: {
      tags,
      operationId: "listTokens",
      summary: "List tokens, without their secrets",
      response: { 200: tokensSchema, ...PROBLEMS },
    },
    handler: async () => ({ tokens: useCases.listTokens() }),
  });

  app.post("/v1/tokens/:id/rotate", {
    config,
    schema: {
      tags,
      operationId: "rotateToken",
      summary: "Give a token a new secret, shown once; the one before works on for the grace",
      params: idParams,
      body: rotateTokenSchema,
      response: { 200: createdTokenSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.rotateToken(requireCaller(request), request.params.id, request.body),
  });

  app.delete("/v1/tokens/:id", {
    config,
    schema: {
      tags,
      operationId: "revokeToken",
      summary: "Revoke a token at once; what was opened with it is cut off",
      params: idParams,
      response: { 204: z.null().describe("Revoked"), ...PROBLEMS },
    },
    handler: async (request, reply) => {
      await useCases.revokeToken(requireCaller(request), request.params.id);
      return reply.code(204).send(null);
    },
  });
}
