import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { writeToken } from "@tartfleet/shared";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals what must not stand in a plain column, and hashes what must only be compared. */
export interface Sealer {
  /** AES-256-GCM; `about` (the VM's id) is authenticated with it, so that a blob opens for its VM alone. */
  seal(value: unknown, about: string): Buffer;
  open(sealed: Buffer, about: string): unknown;
  /** Keyed, so that a body with secrets in it cannot be guessed from its hash. */
  hash(text: string): string;
}

export function makeSealer(key: Buffer): Sealer {
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", key, "", purpose, KEY_BYTES));
  const sealing = derive("seal");
  const hashing = derive("hash");
  return {
    seal(value, about) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealing, nonce).setAAD(Buffer.from(about));
      const body = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, about) {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", sealing, nonce)
        .setAAD(Buffer.from(about))
        .setAuthTag(tag);
      const body = Buffer.concat([
        decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)),
        decipher.final(),
      ]);
      return JSON.parse(body.toString("utf8"));
    },
    hash: (text) => createHmac("sha256", hashing).update(text).digest("hex"),
  };
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Letters and digits of a VM's id. */
export const VM_ID_LENGTH = 16;

/** Random lower-case letters and digits (Crockford's 32, five bits each). */
export function randomId(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

const TOKEN_ID_LENGTH = 12;

/**
 * A new bearer token: the id finds its row, the secret of 256 bits proves it; only a hash is kept.
 *
 * @param pin of the control plane's key, for its holder to check
 * @param id of a token that gets a new secret
 */
export function mintToken(
  pin?: string,
  id: string = randomId(TOKEN_ID_LENGTH),
): { id: string; token: string; hash: string } {
  const secret = randomBytes(32).toString("base64url");
  return { id, token: writeToken({ id, secret, pin }), hash: hashOf(secret) };
}

const NOBODY = hashOf("");

/** Constant in time, also when there is nothing to compare with. */
export function tokenMatches(secret: string, hash: string | undefined): boolean {
  const equal = timingSafeEqual(Buffer.from(hashOf(secret), "hex"), Buffer.from(hash ?? NOBODY, "hex"));
  return hash !== undefined && equal;
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
