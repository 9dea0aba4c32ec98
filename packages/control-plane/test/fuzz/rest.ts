import { problemSchema } from "@tartfleet/shared";
import { Ajv2020 as Ajv } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { expect } from "vitest";
import { startPlane } from "../helpers/plane.ts";
import { enrol, vmWithToken } from "../helpers/host.ts";
import { expectSound } from "./sound.ts";
import { generator, hostile, type OpenApi, type Operation } from "./from-openapi.ts";

interface Call {
  method: string;
  path: string;
  operation: Operation;
  query: Record<string, unknown>;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * Sends requests made from the control plane's own OpenAPI document, and like them but wrong, with the token
 * of every role, and of none.
 */
export async function fuzzRest(options: { numRuns: number; seed: number }): Promise<void> {
  const plane = await startPlane({ limits: { failureRate: { burst: 1e9, perSecond: 1e9 } } });
  const document: OpenApi = (await plane.call("GET", "/openapi.json")).body;
  const guest = await vmWithToken(plane, "mac-fuzz");
  const host = await enrol(plane, "mac-silent");
  const tokens = [...Object.values(plane.tokens), guest.token, host, undefined, "nonsense"];
  const spares = await Promise.all(
    Array.from({ length: 20 }, () =>
      plane.call("POST", "/v1/tokens", {
        token: plane.tokens.admin,
        json: { role: "viewer", name: "spare" },
      }),
    ),
  );
  const admin = (method: string, path: string, json: object) =>
    plane.call(method, path, { token: plane.tokens.admin, json });
  const image = `ghcr.io/org/image@sha256:${"a".repeat(64)}`;
  await admin("PUT", "/v1/channels/known", { image });
  await admin("PUT", "/v1/pools/known", { image, minIdle: 1 });
  await admin("PUT", "/v1/teams/known", { weight: 2 });
  await admin("POST", "/v1/webhooks", { name: "known", url: "https://example.com/", events: ["*"] });
  const plan = await admin("POST", "/v1/image-plans", { kind: "pin", image });
  const known = new Map([
    ["vms", [guest.id, (await plane.createVm()).id]],
    ["hosts", ["mac-fuzz", "mac-silent"]],
    ["tokens", spares.map(({ body }) => String(body.id))],
    ["image-plans", [String(plan.body.id)]],
  ]);
  const allowed = new Map<string, ReturnType<Ajv["compile"]>>();
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "document", components: document.components });
  const shapeOf = (operation: Operation, status: number) => {
    const key = `${operation.operationId} ${status}`;
    const schema = operation.responses[status]?.content?.["application/json"]?.schema;
    if (schema && !allowed.has(key)) {
      const text = JSON.stringify(schema).replaceAll('"#/components', '"document#/components');
      allowed.set(key, ajv.compile(JSON.parse(text)));
    }
    return allowed.get(key);
  };

  const knownId = (path: string, n: number): string => {
    const ids = known.get(path.split("/")[2] ?? "") ?? ["known"];
    return ids[n % ids.length] ?? "";
  };
  const done = new Set<string>();
  const call = fc.record({
    call: callOf(document),
    token: fc.oneof(fc.constant(plane.tokens.admin), fc.constantFrom(...tokens)),
    id: fc.nat(19),
  });
  await fc.assert(
    fc.asyncProperty(call, async ({ call: { method, path, operation, query, headers, body }, token, id }) => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) search.set(name, textOf(value));
      const answer = await plane.call(
        method,
        `${path.replace("KNOWN", knownId(path, id))}?${search.toString()}`,
        { token, headers, ...(body === undefined ? {} : { json: body }) },
      );
      const about = `${method} ${path} ${answer.status} ${answer.text.slice(0, 300)}`;
      expect(answer.status, about).toBeLessThan(500);
      if (answer.status < 300) done.add(operation.operationId);
      if (answer.status >= 400) problemSchema.parse(answer.body);
      else if (answer.status !== 204) {
        const shape = shapeOf(operation, answer.status);
        expect(shape?.(answer.body), `${about} ${ajv.errorsText(shape?.errors)}`).toBe(true);
      }
    }),
    { ...options, endOnFailure: true },
  );
  expect(plane.fatal).toEqual([]);
  expect(plane.lines.filter((line) => line.includes('"msg":"bug"'))).toEqual([]);
  expectSound(plane);
  // What is only ever refused shows little.
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(done.size, [...done].join(", ")).toBeGreaterThan(0.7 * operations.length);
  await plane.close();
}

function callOf(document: OpenApi): fc.Arbitrary<Call> {
  const { nearly } = generator(document);
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const parameters = (where: string) =>
        (operation.parameters ?? []).filter((parameter) => parameter.in === where);
      const query = Object.fromEntries(parameters("query").map(({ name, schema }) => [name, nearly(schema)]));
      const schema = operation.requestBody?.content["application/json"]?.schema;
      const id = fc.oneof(
        { weight: 3, arbitrary: fc.constant("KNOWN") },
        {
          weight: 1,
          arbitrary: hostile.map((value) => encodeURIComponent(textOf(value)).slice(0, 3000) || "x"),
        },
      );
      return fc.record({
        method: fc.constant(method.toUpperCase()),
        path: id.map((text) => path.replace(/\{.*?\}/, text)),
        operation: fc.constant(operation),
        // A long poll that waits would only be slow.
        query: fc
          .oneof(fc.constant({}), fc.record(query, { requiredKeys: [] }))
          .map((made) => (path.endsWith("/wait") ? { ...made, timeoutSeconds: 0 } : made)),
        headers: fc.record(
          {
            "idempotency-key": fc.constantFrom("one", "two", "", "x".repeat(300)),
            "last-event-id": fc.constantFrom("0", "-1", "x"),
          },
          { requiredKeys: [] },
        ),
        body: schema ? nearly(schema) : fc.option(hostile, { nil: undefined }),
      });
    }),
  );
  return fc.oneof(...calls);
}

function textOf(value: unknown): string {
  return (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed();
}
