/** What a field of stored JSON may be; `?` in front: it may be absent. */
type Kind = "string" | "number" | "boolean" | "object" | "array";

export type Shape<T> = { readonly [K in keyof Required<T>]: Kind | `?${Kind}` };

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Has the value the fields of T, each of its kind? What is inside objects and arrays is not looked at. */
export function fits<T extends object>(value: unknown, shape: Shape<T>): value is T {
  return (
    isRecord(value) &&
    Object.entries<Kind | `?${Kind}`>(shape).every(([key, kind]) => fieldFits(value[key], kind))
  );
}

function fieldFits(field: unknown, kind: Kind | `?${Kind}`): boolean {
  if (field === undefined) return kind.startsWith("?");
  switch (kind.replace("?", "")) {
    case "array":
      return Array.isArray(field);
    case "object":
      return isRecord(field);
    default:
      return typeof field === kind.replace("?", "");
  }
}

/** Text that may not be JSON, as a value; undefined when it is not. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
