// By its path: the control plane's tests use the client, and packages must not need each other in a circle.
import { openApiDocument } from "../../control-plane/src/http/openapi.ts";
import { compile, type JSONSchema } from "json-schema-to-typescript";

const BANNER = `/*
 * What goes over the wire, made from the API's description by \`pnpm build\`, so that nobody who uses the client needs
 * the schemas that check it, or zod.
 */`;

/** What is known by another name in code. */
const RENAMED: Readonly<Record<string, string>> = { Vm: "VmRecord" };

interface Media {
  content?: Readonly<Record<string, { schema: JSONSchema }>>;
}

interface Described {
  parameters?: readonly {
    in: string;
    name: string;
    required?: boolean;
    description?: string;
    schema: JSONSchema;
  }[];
  requestBody?: Media;
  responses: Readonly<Record<string, Media>>;
}

interface Document {
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  components: { schemas: Readonly<Record<string, JSONSchema>> };
}

/** The text of src/wire.ts. */
export async function wireTypes(): Promise<string> {
  const { paths, components }: Document = JSON.parse(JSON.stringify(await openApiDocument()), readable);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]): [string, JSONSchema] => [
      `${method.toUpperCase()} ${path}`,
      objectOf(partsOf(described)),
    ]),
  );
  const definitions = {
    ...Object.fromEntries(
      Object.entries(components.schemas).map(([name, schema]) => [nameOf(name), schema] as const),
    ),
    Operations: {
      ...objectOf(Object.fromEntries(operations)),
      description: "Every call, by method and path.",
    },
  };
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

/** What a call takes beside its path's parts, and gives. */
function partsOf({ parameters = [], requestBody, responses }: Described): Record<string, JSONSchema> {
  const query = parameters.filter((parameter) => parameter.in === "query");
  const body = requestBody?.content?.["application/json"]?.schema;
  const [answer] = Object.entries(responses).flatMap(([status, { content = {} }]) =>
    status.startsWith("2") ? Object.values(content) : [],
  );
  return {
    ...(query.length === 0 ? {} : { query: queryOf(query) }),
    ...(body ? { body } : {}),
    answer: answer?.schema ?? { type: "null" },
  };
}

function queryOf(parameters: NonNullable<Described["parameters"]>): JSONSchema {
  const properties = parameters.map(({ name, description, schema }) => [
    name,
    { ...schema, ...(description ? { description } : {}) },
  ]);
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
  return { ...objectOf(Object.fromEntries(properties)), required };
}

function objectOf(properties: Record<string, JSONSchema>): JSONSchema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

/** Only of what is sent there is more than one form. */
function nameOf(component: string): string {
  const name = component.replace(/Input$/, "");
  return RENAMED[name] ?? name;
}

/** Points to the definitions, and says nothing beside that: it would be a type of its own. */
function readable(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$ref" in value)) return value;
  return { $ref: `#/definitions/${nameOf(String(value.$ref).replace("#/components/schemas/", ""))}` };
}
