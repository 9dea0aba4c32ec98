import ipaddr from "ipaddr.js";

/** What is routed on the internet; all else in IPv6 is of a network's own, mapped, tunnelled or not given out. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** An address of the internet: not of a private network, this machine, a cloud's metadata service, a group. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(GLOBAL_IPV6) : true;
}

/**
 * Why nothing may be sent to a URL, as far as its text tells; what its name stands for is looked at whenever
 * something is sent.
 */
export function refusalOf({ protocol, hostname }: URL, allowPrivate: boolean): string | undefined {
  if (protocol !== "https:" && protocol !== "http:") return "must be an http or https URL";
  if (allowPrivate) return undefined;
  if (protocol !== "https:") return "must be an https URL, unless --webhook-allow-private is set";
  const host = hostname.replace(/^\[|\]$/g, "");
  const isPrivate = ipaddr.isValid(host) ? !isPublicAddress(host) : /(^|\.)localhost\.?$/i.test(host);
  return isPrivate
    ? `must not be an address of a private network, unless --webhook-allow-private is set`
    : undefined;
}

/** A URL as it may be shown: what comes after the host may be a secret, as it is with Slack's. */
export function shownUrl(url: URL): string {
  return url.pathname === "/" && url.search === "" ? url.origin : `${url.origin}/…`;
}
