import ipaddr from "ipaddr.js";

/**
 * The address as limits count it: of IPv6 the first 64 bits, since who has one address has 2^64 of them.
 *
 * @returns "unknown" for what is no address
 */
export function sourceOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return `${parsed.toNormalizedString().split(":").slice(0, 4).join(":")}::/64`;
}
