/** What the log is narrowed to; it stands in the page's address. */
export interface AuditFilter {
  /** The first three exactly as in the rows. */
  actor?: string;
  action?: string;
  subject?: string;
  /** ISO 8601. */
  since?: string;
}

/** What the control plane is asked for: of what people wrote into the address, only what can be asked. Pure. */
export function auditQueryOf({ actor, action, subject, since }: AuditFilter) {
  return {
    order: "newest" as const,
    ...(actor && { actor }),
    ...(action && { action }),
    ...(subject && { subject }),
    ...(since && !Number.isNaN(Date.parse(since)) && { since: new Date(since).toISOString() }),
  };
}

/** As a field for a local time has it, `2026-03-01T12:30`; empty for what is no time. */
export function localOf(iso: string | undefined): string {
  const at = new Date(iso ?? "");
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The other way round; empty for what is no time. */
export function isoOf(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
