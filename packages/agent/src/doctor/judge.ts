import type { Finding } from "@tartfleet/shared";

/** The codes of what the doctor looks at, in the order of its report. */
export const FINDING_CODES = [
  "tart_version",
  "tart_home",
  "gui_session",
  "keychain",
  "auto_login",
  "local_network",
  "dhcp_lease_time",
  "dhcp_leases",
  "sleep",
  "disk",
  "clock",
  "registry_login",
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** What only a Mac can have. */
export const ONLY_MACS: ReadonlySet<FindingCode> = new Set([
  "gui_session",
  "keychain",
  "auto_login",
  "local_network",
  "dhcp_lease_time",
  "dhcp_leases",
  "sleep",
] as const);

/** A judgement on one of them, before it is a finding. */
export type Judgement = Omit<Finding, "code">;

export const ok = (message: string): Judgement => ({ state: "ok", message, cure: null });
export const warning = (message: string, cure: string): Judgement => ({ state: "warning", message, cure });
export const error = (message: string, cure: string): Judgement => ({ state: "error", message, cure });
export const unknown = (message: string, cure: string | null = null): Judgement => ({
  state: "unknown",
  message,
  cure,
});

/** 15 of 15.6.1; undefined when the system does not say. */
export function majorOf(version: string | undefined): number | undefined {
  const major = /^\d+/.exec(version ?? "")?.[0];
  return major === undefined ? undefined : Number(major);
}
