import { CertificateError, type Certificate } from "./certificate.ts";
import { warningOf } from "./expiry.ts";
import type { CertificateSource } from "./sources.ts";

/** How often the source is asked. */
const LOOK_MS = 10_000;
const DAY_MS = 86_400_000;

/** A certificate that is looked after. */
export interface KeptCertificate {
  current(): Certificate;
  /** Looks now, as after a signal. */
  reload(): Promise<void>;
  stop(): void;
}

/** Where it is told what happens to the certificate. */
export type CertificateLog = Record<"info" | "warn" | "error", (facts: object, text: string) => void>;

export interface Keeper {
  source: CertificateSource;
  /** For connections to come; those that are open stay as they are. */
  use(certificate: Certificate): void;
  log: CertificateLog;
  /** Milliseconds. */
  now(): number;
}

/**
 * Takes a certificate into use and watches over it: another one from its source is taken up, a broken one is
 * told of and the old one kept, and its end is warned of once a day.
 *
 * @throws CertificateError when there is none to begin with
 */
export async function keepCertificate({ source, use, log, now }: Keeper): Promise<KeptCertificate> {
  let current = await source(now());
  let lastFailure: string | undefined;
  let warnedAt = Number.NEGATIVE_INFINITY;
  use(current);
  warn();

  function warn(): void {
    const warning = warningOf(current.expiresAt, now());
    if (warning === undefined || now() - warnedAt < DAY_MS) return;
    warnedAt = now();
    log.warn({ expiresAt: new Date(current.expiresAt).toISOString() }, warning);
  }

  async function look(): Promise<void> {
    try {
      const next = await source(now());
      lastFailure = undefined;
      if (next.cert !== current.cert || next.key !== current.key) {
        use(next);
        current = next;
        warnedAt = Number.NEGATIVE_INFINITY;
        log.info(
          { expiresAt: new Date(next.expiresAt).toISOString(), pin: next.pin },
          "another certificate is in use for new connections",
        );
      }
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      // Once for each reason, not for each look.
      if (error.message !== lastFailure) {
        log.error({ why: error.message }, "the new certificate cannot be used; the old one is kept");
      }
      lastFailure = error.message;
    }
    warn();
  }

  /** One after the other: a signal may come in the middle of a look. */
  let looking: Promise<void> = Promise.resolve();
  const reload = () => (looking = looking.then(look));
  const timer = setInterval(() => void reload(), LOOK_MS).unref();
  return { current: () => current, reload, stop: () => clearInterval(timer) };
}
