const DAY_MS = 86_400_000;
/** How long before its end a certificate is warned of. */
const WARN_DAYS = 14;

/** What to say of a certificate that ends soon or has ended; both times in milliseconds. */
export function warningOf(expiresAt: number, now: number): string | undefined {
  const days = Math.floor((expiresAt - now) / DAY_MS);
  if (days >= WARN_DAYS) return undefined;
  if (expiresAt <= now) {
    return "the certificate has expired: agents and guests that are to verify it cannot connect; renew it";
  }
  return `the certificate expires in ${days === 1 ? "1 day" : `${days} days`}: renew it, or no agent and no guest will connect`;
}
