import type { Labels } from "@tartfleet/shared";

/** Labels as they are typed, `key=value` each; undefined when one is none. */
export function labelsIn(texts: readonly string[]): Labels | undefined {
  const pairs = texts.map((text): [string, string] => {
    const at = text.indexOf("=");
    return at < 1 ? ["", ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  });
  return pairs.some(([key]) => key === "") ? undefined : Object.fromEntries(pairs);
}
