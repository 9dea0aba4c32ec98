/** How many bytes of a pull are there: tart tells no more than the percentage and the whole. */
export function pulledBytes(percent: number | null, totalBytes: number | null): number | null {
  return percent === null || totalBytes === null ? null : Math.round((totalBytes * percent) / 100);
}
