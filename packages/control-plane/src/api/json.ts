const texts = new WeakMap<object, string>();

/** A value as JSON. What is frozen is told to many, and is written for the first of them alone. */
export function jsonOf(value: object): string {
  if (!Object.isFrozen(value)) return JSON.stringify(value);
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  texts.set(value, text);
  return text;
}
