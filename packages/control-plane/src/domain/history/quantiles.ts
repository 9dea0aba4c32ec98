/**
 * The value below which the fraction `p` of the values lies, between neighbours in proportion; undefined when there
 * are none.
 *
 * @param sorted ascending
 * @param p 0 to 1
 * @param from the place of the first that counts
 */
export function quantileOf(sorted: readonly number[], p: number, from = 0): number | undefined {
  const place = from + Math.min(1, Math.max(0, p)) * (sorted.length - 1 - from);
  const below = from < sorted.length ? sorted[Math.floor(place)] : undefined;
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return undefined;
  // Either may be infinite.
  if (below === above || Number.isInteger(place)) return below;
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * What is left at an age, by the values that were longer: `quantileOf` of those, less the age. Undefined when none
 * was so long.
 */
export function remainingOf(sorted: readonly number[], age: number, p: number): number | undefined {
  const whole = quantileOf(sorted, p, firstAbove(sorted, age));
  return whole === undefined ? undefined : whole - age;
}

function firstAbove(sorted: readonly number[], bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
