/** What the log is narrowed to, exactly as it stands there. */
export interface AuditFilter {
  actor?: string;
  action?: string;
  subject?: string;
}
