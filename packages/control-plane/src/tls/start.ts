import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isWildcard, tlsOf, type Config } from "../config/config.ts";
import type { Identity } from "../engine/identity.ts";
import type { Listener } from "../http/listener.ts";
import { CertificateError } from "./certificate.ts";
import { keepCertificate, type CertificateLog } from "./keep.ts";
import { filesOf, ownIn } from "./sources.ts";

/** How this control plane proves who it is. */
export interface StartedTls {
  identity: Identity;
  /** Looks for another certificate now. */
  reload(): Promise<void>;
}

interface Parts {
  listener: Pick<Listener, "certify">;
  log: CertificateLog;
  /** Milliseconds. */
  now(): number;
}

/**
 * Gives the listener its certificate, where TLS is served, and looks after it.
 *
 * @throws CertificateError
 */
export async function startTls(config: Config, { listener, log, now }: Parts): Promise<StartedTls> {
  const guestCa = config.guestCaFile === undefined ? undefined : await readAuthority(config.guestCaFile);
  const kind = tlsOf(config);
  if (kind === "none") return { identity: { guestCa: () => guestCa }, reload: async () => {} };

  const { tlsCertificate, tlsKey } = config;
  const source =
    tlsCertificate !== undefined && tlsKey !== undefined
      ? filesOf(tlsCertificate, tlsKey)
      : ownIn(config.dataDir, hostsOf(config));
  const kept = await keepCertificate({ source, use: listener.certify, log, now });
  const certificateEndsAt = () => kept.current().expiresAt;
  const identity =
    kind === "self-signed"
      ? { pin: kept.current().pin, guestCa: () => guestCa ?? kept.current().cert, certificateEndsAt }
      : { guestCa: () => guestCa, certificateEndsAt };
  return { identity, reload: kept.reload };
}

/** Every name by which somebody may come. */
function hostsOf({ publicUrl, listen }: Config): string[] {
  const told = new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, "$1");
  const listening = isWildcard(listen.host) ? [] : [listen.host];
  return [...new Set([told, ...listening, "localhost", "127.0.0.1", "::1"])];
}

async function readAuthority(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    // oxlint-disable-next-line no-new -- it throws
    new X509Certificate(text);
    return text;
  } catch (error) {
    throw new CertificateError(
      `--guest-ca-file: ${path} is no certificate in PEM (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}
