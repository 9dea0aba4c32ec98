/**
 * The value below which the fraction `p` of the values lies, between neighbours in proportion; undefined when there
 * are none.
 *
 * @param sorted ascending
 * @param p 0 to 1
 */
export function quantileOf(sorted: readonly number[], p: number): number | undefined {
  const place = Math.min(1, Math.max(0, p)) * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * What is left at an age, by the values that were longer: `quantileOf` of those, less the age. Undefined when none
 * was so long.
 */
export function remainingOf(sorted: readonly number[], age: number, p: number): number | undefined {
  const longer = sorted.slice(firstAbove(sorted, age));
  const whole = quantileOf(longer, p);
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
