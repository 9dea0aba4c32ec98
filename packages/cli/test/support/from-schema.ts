import * as fc from "fast-check";
import { z } from "zod";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * Records of a schema's shape in which every free text is taken from `text`, whatever the schema says of its
 * form: another control plane, or a broken one, may send anything.
 */
export function fromSchema<T>(schema: z.ZodType<T>, text: fc.Arbitrary<string>): fc.Arbitrary<T> {
  const make = (part: JsonSchema): fc.Arbitrary<unknown> => {
    if (part.const !== undefined) return fc.constant(part.const);
    if (part.enum) return fc.constantFrom(...part.enum);
    const alternatives = part.anyOf ?? part.oneOf;
    if (alternatives) return fc.oneof(...alternatives.map(make));
    switch (part.type) {
      case "string":
        return part.format === "date-time" ? fc.constant("2026-01-01T00:00:00.000Z") : text;
      case "integer":
      case "number":
        return fc.nat(100);
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      case "array":
        return fc.array(
          typeof part.items === "object" && !Array.isArray(part.items) ? make(part.items) : text,
          {
            maxLength: 3,
          },
        );
      case "object":
        return objectOf(part);
      case undefined:
      default:
        return text;
    }
  };
  const objectOf = ({ properties, additionalProperties }: JsonSchema): fc.Arbitrary<unknown> => {
    if (!properties) {
      const value = typeof additionalProperties === "object" ? make(additionalProperties) : text;
      return fc.dictionary(text, value, { maxKeys: 3 });
    }
    const entries = Object.entries(properties).map(([name, value]): [string, fc.Arbitrary<unknown>] => [
      name,
      typeof value === "object" ? make(value) : text,
    ]);
    return fc.record(Object.fromEntries(entries));
  };
  // The types of what is made are the schema's by construction; the forms of its texts are not.
  return make(z.toJSONSchema(schema, { io: "output" })) as fc.Arbitrary<T>;
}
