import { crypto } from "./late-modules.ts";

/**
 * Randomness for one purpose. With a seed the same words give the same bytes in every process, so
 * that a whole simulated host can be replayed; without one, nothing repeats.
 */
export type RandomBytes = (count: number, ...purpose: readonly string[]) => Buffer;

export function seededBytes(seed: string | undefined): RandomBytes {
  if (seed === undefined) return (count) => crypto().randomBytes(count);
  return (count, ...purpose) => {
    const hash = crypto().createHash("shake256", { outputLength: count });
    return hash.update(JSON.stringify([seed, ...purpose])).digest();
  };
}

/** A number in [from, to]. */
export function between(
  bytes: RandomBytes,
  [from, to]: readonly [number, number],
  ...purpose: string[]
): number {
  return from + (bytes(6, ...purpose).readUIntBE(0, 6) / 2 ** 48) * (to - from);
}

/** A locally administered unicast MAC address, as the framework makes them. */
export function randomMac(bytes: RandomBytes, ...purpose: string[]): string {
  const octets = [...bytes(6, "mac", ...purpose)];
  octets[0] = ((octets[0] ?? 0) & 0xfc) | 0x02;
  return octets.map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}
