import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { pinOf } from "@tartfleet/tls";

/** A certificate and its key that a server can use. */
export interface Certificate {
  /** The chain, PEM. */
  cert: string;
  /** PEM. Secret. */
  key: string;
  /** Of the key. */
  pin: string;
  /** Milliseconds. */
  expiresAt: number;
  /** Whether it is for this name or address. */
  isFor(host: string): boolean;
}

/** A certificate that cannot be used; the message says what to do. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/**
 * Puts a chain and a key together.
 *
 * @param where the files' names, for the message
 * @throws CertificateError
 */
export function pairOf(cert: string, key: string, where: { cert: string; key: string }): Certificate {
  const leaf = tried(() => new X509Certificate(cert), `${where.cert} is not a certificate in PEM`);
  const privateKey = tried(
    () => createPrivateKey(key),
    `${where.key} is not a private key in PEM without a passphrase`,
  );
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateError(
      `${where.key} is not the key of the certificate in ${where.cert}; the server's own certificate must come first in the file`,
    );
  }
  tried(() => createSecureContext({ cert, key }), `${where.cert} and ${where.key} cannot be used`);
  return {
    cert,
    key,
    pin: pinOf(leaf.publicKey),
    expiresAt: Date.parse(leaf.validTo),
    isFor: (host) => (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined,
  };
}

/** OpenSSL's own words are kept; they quote nothing of a key. */
function tried<T>(use: () => T, otherwise: string): T {
  try {
    return use();
  } catch (error) {
    throw new CertificateError(`${otherwise} (${error instanceof Error ? error.message : String(error)})`);
  }
}
