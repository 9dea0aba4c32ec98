import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
let document: Awaited<ReturnType<Plane["call"]>>["body"];
beforeAll(async () => {
  plane = await startPlane();
  document = (await plane.call("GET", "/openapi.json")).body;
});
afterAll(() => plane.close());

it("is a valid OpenAPI 3.1 document", async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
  const text = JSON.stringify(document);
  const unused = Object.keys(document.components.schemas).filter((id) => !text.includes(`schemas/${id}"`));
  expect(unused).toEqual([]);
});

it("describes every call of the API and nothing else", () => {
  const calls = Object.entries<Record<string, unknown>>(document["paths"]).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(new Set(calls)).toEqual(
    new Set([
      "POST /v1/vms",
      "GET /v1/vms",
      "GET /v1/vms/{id}",
      "DELETE /v1/vms/{id}",
      "GET /v1/vms/{id}/explain",
      "GET /v1/vms/{id}/wait",
      "POST /v1/vms/{id}/hold",
      "DELETE /v1/vms/{id}/hold",
      "GET /v1/vms/{id}/events",
      "POST /v1/vms/{id}/events",
      "GET /v1/hosts",
      "POST /v1/hosts",
      "GET /v1/hosts/{name}",
      "DELETE /v1/hosts/{name}/credential",
      "DELETE /v1/hosts/{name}",
      "POST /v1/hosts/{name}/cordon",
      "POST /v1/hosts/{name}/uncordon",
      "POST /v1/hosts/{name}/drain",
      "GET /v1/images",
      "POST /v1/images/prune",
      "GET /v1/image-plans",
      "POST /v1/image-plans",
      "GET /v1/image-plans/{id}",
      "DELETE /v1/image-plans/{id}",
      "GET /v1/pools",
      "GET /v1/pools/{name}",
      "PUT /v1/pools/{name}",
      "DELETE /v1/pools/{name}",
      "GET /v1/channels",
      "GET /v1/channels/{name}",
      "PUT /v1/channels/{name}",
      "DELETE /v1/channels/{name}",
      "POST /v1/channels/{name}/rollout",
      "POST /v1/channels/{name}/rollback",
      "GET /v1/teams",
      "GET /v1/teams/{name}",
      "PUT /v1/teams/{name}",
      "DELETE /v1/teams/{name}",
      "GET /v1/webhooks",
      "POST /v1/webhooks",
      "GET /v1/webhooks/{name}",
      "PATCH /v1/webhooks/{name}",
      "DELETE /v1/webhooks/{name}",
      "POST /v1/webhooks/{name}/rotate",
      "POST /v1/webhooks/{name}/test",
      "GET /v1/webhooks/{name}/deliveries",
      "POST /v1/webhooks/{name}/replay",
      "GET /v1/audit",
      "GET /v1/attempts",
      "GET /v1/fleet/board",
      "GET /v1/fleet/changes",
      "GET /v1/fleet/capacity",
      "GET /v1/fleet/queue",
      "GET /v1/history",
      "GET /v1/reports/slot-minutes",
      "POST /v1/tokens",
      "GET /v1/tokens",
      "POST /v1/tokens/{id}/rotate",
      "DELETE /v1/tokens/{id}",
    ]),
  );
});

it("says which fields are secret, so that who shows a form hides them", () => {
  const { CreateVmInput, RunnerInput, CreatedToken, CreatedWebhook, EnrolledHost } =
    document["components"].schemas;
  const handedIn = { type: "string", format: "password", writeOnly: true };
  expect(CreateVmInput.properties.env.additionalProperties).toMatchObject(handedIn);
  const secrets = new Map<string, unknown>();
  for (const { properties } of RunnerInput.oneOf as { properties: object }[]) {
    for (const [name, schema] of Object.entries(properties)) secrets.set(name, schema);
  }
  for (const name of ["jitConfig", "registrationToken", "token", "secret", "script"])
    expect(secrets.get(name), name).toMatchObject(handedIn);
  for (const shown of [
    CreatedToken.properties.token,
    CreatedWebhook.properties.secret,
    EnrolledHost.properties.credential,
  ])
    expect(shown).toMatchObject({ type: "string", format: "password" });
});

it("says what a VM may be asked with, from the schema that checks it", () => {
  const { CreateVmInput, VmState, Problem } = document["components"].schemas;
  expect(CreateVmInput).toMatchObject({ required: ["image"], additionalProperties: false });
  expect(CreateVmInput.properties.hostLabels.description).toBe("The host must carry all of these");
  expect(CreateVmInput.properties.cpu).toEqual({ type: "integer", minimum: 1, maximum: 64 });
  expect(VmState.enum).toContain("draining");
  expect(Problem.properties.code.enum).toContain("idempotency_conflict");
  const create = document["paths"]["/v1/vms"].post;
  expect(create.requestBody.content["application/json"].schema.$ref).toBe(
    "#/components/schemas/CreateVmInput",
  );
  expect(create.parameters).toMatchObject([
    { in: "header", name: "idempotency-key" },
    { in: "header", name: "traceparent" },
  ]);
  expect(Object.keys(create.responses)).toEqual(["200", "201", "4XX", "5XX"]);
});
