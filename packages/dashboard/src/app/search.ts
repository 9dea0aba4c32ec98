/** What stands in an address is anybody's: only what a page knows is taken over, and nothing empty. */
export function text<const K extends string>(
  search: Record<string, unknown>,
  ...keys: readonly K[]
): { [key in K]?: string } {
  const found: { [key in K]?: string } = {};
  for (const key of keys) {
    const value = search[key];
    // The router reads `?name=7` as a number.
    if (["string", "number", "boolean"].includes(typeof value) && value !== "") found[key] = String(value);
  }
  return found;
}

/** The same, of a value that is one of a few. */
export function oneOf<const K extends string, const V extends string>(
  search: Record<string, unknown>,
  key: K,
  values: readonly V[],
): { [key in K]?: V } {
  const found: { [key in K]?: V } = {};
  const value = values.find((one) => one === search[key]);
  if (value !== undefined) found[key] = value;
  return found;
}
