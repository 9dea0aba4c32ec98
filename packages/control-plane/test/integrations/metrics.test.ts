import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { measureCi } from "../../src/integrations/metrics.ts";
import { namesOf } from "../support/exposition.ts";

test("docs/ci/README.md tells of every metric of a polled CI system, and of no other", async () => {
  const registry = new Registry();
  for (const system of ["azure", "buildkite"]) measureCi(registry, system);
  const docs = readFileSync(new URL("../../../../docs/ci/README.md", import.meta.url), "utf8");
  const told = [...docs.matchAll(/^\| `(tartfleet_\w+)`/gm)].map(([, name]) => name);
  expect(new Set(told)).toEqual(new Set(namesOf(await registry.metrics())));
});
