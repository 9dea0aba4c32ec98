import {
  attemptErrorSchema,
  capacitySchema,
  createVmSchema,
  explanationSchema,
  holdRecordSchema,
  listVmsQuerySchema,
  problemSchema,
  runnerSchema,
  vmEventSchema,
  vmPageSchema,
  vmRecordSchema,
  vmStateSchema,
  vmSummarySchema,
} from "@tartfleet/shared";
import { compile, type JSONSchema } from "json-schema-to-typescript";
import { z } from "zod";

/** What the API takes and gives, by the names that the client's users know it. */
const TAKES = { CreateVm: createVmSchema, Runner: runnerSchema, ListVms: listVmsQuerySchema };
const GIVES = {
  VmRecord: vmRecordSchema,
  VmState: vmStateSchema,
  VmSummary: vmSummarySchema,
  VmPage: vmPageSchema,
  VmEvent: vmEventSchema,
  Hold: holdRecordSchema,
  AttemptError: attemptErrorSchema,
  Explanation: explanationSchema,
  Capacity: capacitySchema,
  Problem: problemSchema,
};

const BANNER = `/*
 * What goes over the wire, made from the schemas of packages/shared by \`pnpm build\`, so that nobody who uses the
 * client needs them or zod.
 */`;

/** The text of src/wire.ts. */
export async function wireTypes(): Promise<string> {
  const definitions = { ...schemasOf(TAKES, "input"), ...schemasOf(GIVES, "output") };
  const text = await compile({ definitions }, "Wire", {
    additionalProperties: false,
    bannerComment: BANNER,
    declareExternallyReferenced: true,
    unreachableDefinitions: true,
    style: { printWidth: 110 },
    ignoreMinAndMaxItems: true,
  });
  // Its remarks on where a name comes from, the interface that all of it must hang on, and what says nothing.
  return text
    .replaceAll('(string | "@host")', "string")
    .replaceAll(
      /^\/\*\*\n \* This interface was referenced by .*\n \* via the `definition` ".*"\.\n \*\/\n/gm,
      "",
    )
    .replace(/^export interface Wire \{\n.*\n\}\n/m, "");
}

function schemasOf(
  schemas: Readonly<Record<string, z.ZodType>>,
  io: "input" | "output",
): Record<string, JSONSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, { io, target: "draft-7", uri: (id) => `#/definitions/${id}` });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both are JSON Schema, by two libraries' types
  return Object.fromEntries(
    Object.entries(made.schemas).map(([id, { $id: _, $schema: __, ...schema }]) => [id, schema]),
  ) as Record<string, JSONSchema>;
}
