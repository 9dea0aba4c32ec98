import * as fc from "fast-check";

/** As much of JSON schema as our own document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
}

export interface Operation {
  operationId: string;
  parameters?: { in: string; name: string; required?: boolean; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

/** What no schema of ours means, whatever it says. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1e308,
    Number.MAX_SAFE_INTEGER,
    0.1,
    "",
    "-rf",
    "../../etc/passwd",
    "$(id)",
    "';drop table vms;--",
    "%00",
    "\0",
    "\u202e",
    "\u001b[2J",
    "__proto__",
    "x".repeat(10_000),
    [],
    {},
    [[[[[[[[]]]]]]]],
    { toString: 1, constructor: { prototype: {} }, length: -1 },
  ),
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.jsonValue({ maxDepth: 4 }),
);

/** Makes what a schema of the document allows, mostly. */
export function generator({ components }: Pick<OpenApi, "components">) {
  function valueOf(schema: JsonSchema, depth = 0): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) {
      const name = schema.$ref.split("/").at(-1) ?? "";
      return valueOf(components.schemas[name] ?? {}, depth + 1);
    }
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const alternatives = schema.anyOf ?? schema.oneOf;
    if (alternatives) return fc.oneof(...alternatives.map((part) => valueOf(part, depth + 1)));
    switch (schema.type ?? "anything") {
      case "string":
        return textOf(schema);
      case "integer":
        return fc.integer({
          min: schema.minimum ?? -1000,
          max: Math.min(schema.maximum ?? 100_000, 2 ** 31 - 1),
        });
      case "number":
        return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1000, noNaN: true });
      case "boolean":
        return fc.boolean();
      case "array":
        return fc.array(valueOf(schema.items ?? {}, depth + 1), {
          maxLength: Math.min(schema.maxItems ?? 3, 3),
        });
      case "object":
        return recordOf(schema, depth);
      default:
        return hostile;
    }
  }

  function recordOf({ properties, required = [], additionalProperties }: JsonSchema, depth: number) {
    if (!properties) {
      const value =
        typeof additionalProperties === "object" ? valueOf(additionalProperties, depth + 1) : hostile;
      return fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,8}$/), value, { maxKeys: 3 });
    }
    const parts: Record<string, fc.Arbitrary<unknown>> = {};
    for (const [name, part] of Object.entries(properties)) parts[name] = valueOf(part, depth + 1);
    const needed = Object.fromEntries(Object.entries(parts).filter(([name]) => required.includes(name)));
    return fc.oneof(fc.record(needed), fc.record(parts, { requiredKeys: required }));
  }

  return {
    valueOf,
    /** Valid, valid but for one thing, or nothing like it. */
    nearly: (schema: JsonSchema): fc.Arbitrary<unknown> =>
      fc.oneof(
        { weight: 4, arbitrary: valueOf(schema) },
        { weight: 4, arbitrary: fc.tuple(valueOf(schema), fc.nat(), hostile).map(spoil) },
        { weight: 1, arbitrary: hostile },
      ),
  };
}

function textOf({ pattern, format, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> {
  if (format === "uuid") return fc.uuid();
  if (format === "ipv4") return fc.ipV4();
  if (format === "uri") return fc.webUrl();
  if (pattern !== undefined && !pattern.includes("?!") && !pattern.includes("?=")) {
    return fc.stringMatching(new RegExp(pattern));
  }
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
}

/** One part of a value, wherever it is, becomes something else, goes missing, or gets company. */
export function spoil([value, where, by]: [unknown, number, unknown]): unknown {
  if (typeof value !== "object" || value === null) return by;
  if (Array.isArray(value))
    return value.length === 0 ? [by] : value.map((part, n) => (n === where % value.length ? by : part));
  const names = Object.keys(value);
  const at = names[where % (names.length + 1)];
  if (at === undefined) return { ...value, surprise: by };
  const part: unknown = Reflect.get(value, at);
  if (where % 5 === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== at));
  const isDeeper = typeof part === "object" && part !== null && where % 2 === 0;
  return { ...value, [at]: isDeeper ? spoil([part, where >> 3, by]) : by };
}
