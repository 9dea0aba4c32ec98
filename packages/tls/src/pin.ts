import { createHash, type KeyObject } from "node:crypto";

/**
 * The pin of a public key: SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4), in base64url. In plain
 * base64 it is what curl takes as `--pinnedpubkey sha256//…`. Of the key alone, so that a certificate may be
 * renewed under it.
 */
export function pinOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
}

/** What answers is not who the pin names. */
export class PinMismatchError extends Error {
  readonly code = "TLS_PIN_MISMATCH";

  constructor(expected: string, actual: string) {
    super(
      `the token trusts the key ${expected} alone, but what answers has the key ${actual}: either it is somebody else, who has been sent nothing, or the control plane has got another key on purpose; then use a token that it made since`,
    );
    this.name = "PinMismatchError";
  }
}
