/* Arrays that are kept in order: looking up costs the logarithm, and moving numbers up costs next to nothing. */

type Compare<T> = (a: T, b: T) => number;

/** Where the item stands, or is to stand. */
function placeOf<T>(list: readonly T[], item: T, compare: Compare<T>): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = list[middle];
    if (at !== undefined && compare(at, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function insert<T>(list: T[], item: T, compare: Compare<T>): void {
  list.splice(placeOf(list, item, compare), 0, item);
}

/** Takes out the first that compares equal, if there is one. */
export function takeOut<T>(list: T[], item: T, compare: Compare<T>): void {
  const place = placeOf(list, item, compare);
  const at = list[place];
  if (at !== undefined && compare(at, item) === 0) list.splice(place, 1);
}
