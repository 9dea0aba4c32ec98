/**
 * JSON as Swift's encoder prints it (tart-contract §2.4, §2.5): a space before the colon, escaped
 * slashes, an empty array over three lines, and keys in no order that could be relied upon.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function swiftJson(value: Json, indent = ""): string {
  const inner = `${indent}  `;
  if (isList(value)) {
    if (value.length === 0) return `[\n\n${indent}]`;
    return `[\n${value.map((item) => inner + swiftJson(item, inner)).join(",\n")}\n${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value).sort((a, b) => hash(a) - hash(b));
    if (keys.length === 0) return `{\n\n${indent}}`;
    const member = (key: string) => `${inner}${scalar(key)} : ${swiftJson(value[key] ?? null, inner)}`;
    return `{\n${keys.map(member).join(",\n")}\n${indent}}`;
  }
  return scalar(value);
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

const scalar = (value: null | boolean | number | string): string =>
  JSON.stringify(value).replaceAll("/", String.raw`\/`);

/** Any fixed shuffle: what reads the output must not lean on the order. */
function hash(text: string): number {
  let result = 7;
  for (const letter of text) result = (result * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return (result * 7919) % 1_000_003;
}
