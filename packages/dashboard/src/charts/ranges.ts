/** Of which time charts are; seconds. */
export const RANGES = {
  "6h": { seconds: 6 * 3600, text: "6 hours" },
  "24h": { seconds: 86_400, text: "24 hours" },
  "7d": { seconds: 7 * 86_400, text: "7 days" },
  "30d": { seconds: 30 * 86_400, text: "30 days" },
  "1y": { seconds: 365 * 86_400, text: "A year" },
} as const;
export type Range = keyof typeof RANGES;
export const RANGE_NAMES = ["6h", "24h", "7d", "30d", "1y"] as const satisfies Range[];

/** Of durations: what half of the VMs, or 95 of 100, did not exceed. */
export const QUANTILES = ["p50", "p95"] as const;
type Quantile = (typeof QUANTILES)[number];

/** What a page of charts shows; it is in its address. */
export interface ChartsView {
  range?: Range;
  quantile?: Quantile;
}
