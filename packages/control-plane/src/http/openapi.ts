import swagger from "@fastify/swagger";
import Fastify from "fastify";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { z } from "zod";
import type { App, RestDeps } from "../api/rest/app.ts";
import { restRoutes } from "../api/rest/routes.ts";

/** Describes every route that has a tag, from the same zod schemas that check it. */
export async function describeRoutes(app: App, version: string): Promise<void> {
  const zodToJsonConfig = { override: dropSafeIntegerBounds };
  const addComponents = createJsonSchemaTransformObject({ zodToJsonConfig });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.1",
      info: {
        title: "tartfleet",
        version,
        description: "A fleet manager for macOS virtual machines on Tart",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
      tags: ["VMs", "Hosts", "Fleet", "Tokens", "Audit"].map((name) => ({ name })),
    },
    hideUntagged: true,
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: (document) => dropUnused(addComponents(document)),
  });
}

/** The API's description by itself, for what is made from it. Nothing is served. */
export async function openApiDocument(): Promise<OpenApi> {
  const app: App = Fastify();
  app.setValidatorCompiler(() => (value) => ({ value }));
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  await describeRoutes(app, "");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of what routes are given they take nothing before a call
  await app.register(async (rest) => restRoutes(rest as App, {} as RestDeps));
  await app.ready();
  return app.swagger();
}

/** JSON's integers are what JavaScript's are; saying so at each would only hide the bounds that matter. */
function dropSafeIntegerBounds({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

type OpenApi = ReturnType<ReturnType<typeof createJsonSchemaTransformObject>>;

/** Each schema comes as it is sent and as it is received; one of the two is mostly used nowhere. */
function dropUnused(document: OpenApi): OpenApi {
  const schemas = "components" in document ? document.components?.schemas : undefined;
  if (!schemas) return document;
  for (;;) {
    const text = JSON.stringify(document);
    const unused = Object.keys(schemas).filter((id) => !text.includes(`"#/components/schemas/${id}"`));
    if (unused.length === 0) return document;
    for (const id of unused) delete schemas[id];
  }
}
