/** The keys of a constant record as a non-empty tuple, the form in which zod's enums take them. */
export function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): [K, ...K[]] {
  // A constant record's keys are its type's keys; TypeScript leaves Object.keys at string[].
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.keys(record) as [K, ...K[]];
}
