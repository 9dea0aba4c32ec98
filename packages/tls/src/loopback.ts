import { BlockList, isIP, isIPv6 } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether a host, as it stands in a URL or a listening address, is this machine itself. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(bare) === 0) return /^(?:.+\.)?localhost$/.test(bare);
  return LOOPBACK.check(bare, isIPv6(bare) ? "ipv6" : "ipv4");
}
