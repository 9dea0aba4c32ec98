import { error, ok, unknown, warning, type Judgement } from "./judge.ts";
import { notSaid, type Said } from "./said.ts";

/** macOS' own, when nothing is set (tart-contract §6.2). */
const DEFAULT_SECONDS = 86_400;
const LONGEST_SECONDS = 3600;

/** Addresses of a network of vmnet: a /24 without its own, the Mac's and the broadcast address. */
const POOL = 253;
const FEW_LEFT = 80;
const NONE_LEFT = 20;

/** Where macOS keeps the settings and the leases of its DHCP server for VMs. */
export const SHARING = "/Library/Preferences/SystemConfiguration/com.apple.InternetSharing.default";
export const LEASES = "/var/db/dhcpd_leases";
/** The key there of a dictionary that may hold DHCPLeaseTimeSecs. */
export const LEASE_KEY = "bootpd";
/** Long enough for a VM to ask again, short enough for 253 addresses to last. */
export const LEASE_SECONDS = 600;

const SHORTEN = `sudo defaults write ${SHARING}.plist ${LEASE_KEY} -dict DHCPLeaseTimeSecs -int ${LEASE_SECONDS}`;
const READABLE = `sudo chmod a+r ${SHARING}.plist`;
const EMPTY = `${SHORTEN} && sudo rm ${LEASES}`;

/**
 * How long the address of a VM that has ended stays taken (peers §4 row 14).
 *
 * @param said by `defaults read …com.apple.InternetSharing.default bootpd`
 * @param isReadable whether the agent may read that file; what it may not read is to `defaults` as if it were unset
 */
export function judgeLeaseTime(said: Said, isReadable: boolean): Judgement {
  if (!isReadable) return unknown("The file of the DHCP lease time may not be read.", READABLE);
  if (said.kind !== "exited") return unknown(notSaid("defaults", said), SHORTEN);
  const isUnset = said.code !== 0 && /does not exist/.test(said.stderr);
  if (!isUnset && (said.code !== 0 || !/^\s*\{[^]*\}\s*$/.test(said.stdout))) {
    return unknown(notSaid("defaults", said), SHORTEN);
  }
  const set = /DHCPLeaseTimeSecs"?\s*=\s*"?(\d{1,9})"?\s*;/.exec(said.stdout)?.[1];
  const seconds = set === undefined ? DEFAULT_SECONDS : Number(set);
  const what = `A VM's address stays taken for ${seconds} s${set === undefined ? ", as macOS has it" : ""}`;
  if (seconds <= LONGEST_SECONDS) return ok(`${what}.`);
  return warning(`${what}: after ${POOL} boots within that time there is none for the next VM.`, SHORTEN);
}

export interface Lease {
  address: string;
  hardware: string;
  /** Seconds since 1970. */
  endsAt: number;
}

/** The leases of bootpd's own file, a block in braces for each; what makes no sense is left out. */
export function parseLeases(text: string): Lease[] {
  return [...text.matchAll(/\{([^{}]*)\}/g)].flatMap(([, block = ""]) => {
    const field = (name: string) => new RegExp(`^\\s*${name}=(.*)$`, "m").exec(block)?.[1]?.trim();
    const address = field("ip_address");
    const lease = field("lease");
    if (address === undefined || lease === undefined || !/^(0x)?[0-9a-f]{1,12}$/i.test(lease)) return [];
    const hex = lease.toLowerCase().replace(/^0x/, "");
    return [{ address, hardware: field("hw_address") ?? "", endsAt: Number.parseInt(hex, 16) }];
  });
}

/**
 * How full the fullest of the networks is, with the addresses that are taken there as value. macOS hands out expired
 * addresses again, near the end the same to two VMs.
 *
 * @param file the text of LEASES; null when there is no such file, undefined when it cannot be read
 * @param now seconds since 1970
 */
export function judgeLeases(file: string | null | undefined, now: number): Judgement {
  if (file === undefined) return unknown(`${LEASES} cannot be read.`, `sudo chmod a+r ${LEASES}`);
  const live = parseLeases(file ?? "").filter(({ endsAt }) => endsAt > now);
  const networks = Map.groupBy(live, ({ address }) => address.split(".").slice(0, 3).join("."));
  const [fullest = []] = [...networks.values()].sort((a, b) => addresses(b) - addresses(a));
  const taken = addresses(fullest);
  const twice = [...Map.groupBy(live, ({ address }) => address)].find(
    ([, leases]) => new Set(leases.map(({ hardware }) => hardware)).size > 1,
  );
  return { ...judgeTaken(taken, twice?.[0]), value: taken };
}

function judgeTaken(taken: number, twice: string | undefined): Judgement {
  const says = `${taken} of ${POOL} addresses for VMs are taken`;
  if (taken >= POOL - NONE_LEFT) return error(`${says}; soon VMs get none.`, EMPTY);
  if (twice !== undefined)
    return error(`Two leases hold the address ${twice}: a VM may be reached in another's place.`, EMPTY);
  if (taken >= POOL - FEW_LEFT) return warning(`${says}.`, EMPTY);
  return ok(`${says}.`);
}

function addresses(leases: readonly Lease[]): number {
  return new Set(leases.map(({ address }) => address)).size;
}
