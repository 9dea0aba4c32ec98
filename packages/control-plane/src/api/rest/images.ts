import {
  imagePlanRecordSchema,
  imageRecordSchema,
  planImageSchema,
  prunedHostSchema,
  pruneImagesSchema,
} from "@tartfleet/shared";
import { z } from "zod";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { idParams, PROBLEMS } from "./schemas.ts";

const tags = ["Images"];
const planResponse = { 200: imagePlanRecordSchema, ...PROBLEMS };

export function imageRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/images", {
    config: { action: "image.read" },
    schema: {
      tags,
      operationId: "listImages",
      summary:
        "List the images that hosts have, with their digests: where a tag stands for another image than elsewhere",
      response: { 200: z.object({ images: z.array(imageRecordSchema) }), ...PROBLEMS },
    },
    handler: async () => ({ images: useCases.listImages() }),
  });

  app.post("/v1/images/prune", {
    config: { action: "image.manage" },
    schema: {
      tags,
      operationId: "pruneImages",
      summary: "Remove images that nobody needs until so much of the disk is free, or say what would go",
      body: pruneImagesSchema,
      response: { 200: z.object({ hosts: z.array(prunedHostSchema) }), ...PROBLEMS },
    },
    handler: async (request) => ({
      hosts: await useCases.pruneImages(requireCaller(request), request.body),
    }),
  });

  app.get("/v1/image-plans", {
    config: { action: "image.read" },
    schema: {
      tags,
      operationId: "listImagePlans",
      summary: "List pre-pulls and pins that stand, with their progress, and those that ended of late",
      response: { 200: z.object({ plans: z.array(imagePlanRecordSchema) }), ...PROBLEMS },
    },
    handler: async () => ({ plans: useCases.listImagePlans() }),
  });

  app.post("/v1/image-plans", {
    config: { action: "image.manage" },
    schema: {
      tags,
      operationId: "planImage",
      summary: "Pre-pull an image onto hosts, or pin it there; asked for again, it is the plan that stands",
      body: planImageSchema,
      response: planResponse,
    },
    handler: async (request) => useCases.planImage(requireCaller(request), request.body),
  });

  app.get("/v1/image-plans/:id", {
    config: { action: "image.read" },
    schema: {
      tags,
      operationId: "getImagePlan",
      summary: "Get a pre-pull or a pin with its progress in bytes, or what became of it",
      params: idParams,
      response: planResponse,
    },
    handler: async (request) => useCases.getImagePlan(request.params.id),
  });

  app.delete("/v1/image-plans/:id", {
    config: { action: "image.manage" },
    schema: {
      tags,
      operationId: "endImagePlan",
      summary: "End a pre-pull or a pin; hosts keep what they have until it is removed to make room",
      params: idParams,
      response: planResponse,
    },
    handler: async (request) => useCases.endImagePlan(requireCaller(request), request.params.id),
  });
}
