import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPlane } from "../helpers/plane.ts";
import type { Plane } from "../helpers/plane.ts";

let plane: Plane;
const VMS = [
  { name: "build-1", jobId: "1'or'1'='1", labels: { suite: "a", "a.b/c": "x" } },
  { name: "build-2", jobId: "%", labels: { suite: "b" } },
  { name: "build-3", jobId: "_", labels: { suite: "a" } },
];
beforeAll(async () => {
  plane = await startPlane();
  for (const vm of VMS) expect((await plane.createVm(vm)).name).toBe(vm.name);
});
afterAll(() => plane.close());

const hostile = fc.oneof(
  fc.constantFrom(
    "'",
    '"',
    "' or 1=1 --",
    "'; drop table vms; --",
    "1' union select hash from tokens --",
    "%",
    "_",
    "build-_",
    "build-%",
    "*",
    "\\",
    "$.suite",
    "a\u0000b",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);

it("a filter finds what is equal to it, whatever it says, and nothing else", async () => {
  const value = fc.oneof(hostile, fc.constantFrom(...VMS.flatMap(({ name, jobId }) => [name, jobId])));
  const label = fc.tuple(
    fc.oneof(fc.constantFrom("suite", "a.b/c"), hostile),
    fc.oneof(fc.constantFrom("a", "b"), hostile),
  );
  const filters = fc.record(
    {
      name: value,
      jobId: value,
      host: hostile,
      team: hostile,
      state: fc.oneof(fc.constant("queued"), hostile),
      label,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(filters, async ({ label: pair, ...rest }) => {
      const query = new URLSearchParams({ ...rest, ...(pair ? { label: pair.join("=") } : {}) });
      const { status, body } = await plane.call("GET", `/v1/vms?${query.toString()}`, {
        token: plane.tokens.admin,
      });
      expect([200, 400]).toContain(status);
      if (status === 400) return;
      const asked = new URLSearchParams(query.toString());
      const [key = "", ...values] = (asked.get("label") ?? "").split("=");
      const expected = VMS.filter(
        ({ name, jobId, labels }) =>
          [name, null].includes(asked.get("name")) &&
          [jobId, null].includes(asked.get("jobId")) &&
          asked.get("host") === null &&
          ["default", null].includes(asked.get("team")) &&
          (pair === undefined ||
            Object.entries(labels).some(([k, v]) => k === key && v === values.join("="))),
      );
      expect(body.vms.map((vm: { name: string }) => vm.name).sort()).toEqual(
        expected.map(({ name }) => name).sort(),
      );
    }),
    { numRuns: 150 },
  );
  expect(plane.useCases.listVms({ limit: 10, state: undefined }).vms).toHaveLength(VMS.length);
});
