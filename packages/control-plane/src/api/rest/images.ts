import { imageRecordSchema } from "@tartfleet/shared";
import { z } from "zod";
import type { App, RestDeps } from "./app.ts";
import { PROBLEMS } from "./schemas.ts";

export function imageRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/images", {
    config: { action: "image.read" },
    schema: {
      tags: ["Images"],
      operationId: "listImages",
      summary:
        "List the images that hosts have, with their digests: where a tag stands for another image than elsewhere",
      response: { 200: z.object({ images: z.array(imageRecordSchema) }), ...PROBLEMS },
    },
    handler: async () => ({ images: useCases.listImages() }),
  });
}
