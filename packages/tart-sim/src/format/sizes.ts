import { GB } from "../registry/disk-space.ts";
import type { Sim } from "../sim.ts";

/** A size in a text table: bare gigabytes, or with a unit in newer releases (tart-contract §2.19). */
export function showGB({ quirks }: Pick<Sim, "quirks">, bytes: number): string {
  const whole = Math.floor(bytes / GB);
  return quirks.has("humanSizes") ? `${whole} GB` : String(whole);
}
