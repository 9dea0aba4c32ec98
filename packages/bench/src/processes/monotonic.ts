/** The machine's monotonic clock in milliseconds: the same for every process on it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
