import { createPrivateKey, KeyObject, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";

const DAY_MS = 86_400_000;
/** Long, because whoever keeps the certificate rather than its key has to be told of another one. */
const VALID_DAYS = 3650;
/** For clients whose clocks are behind. */
const BACKDATED_DAYS = 2;
const SIGNING = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A new private key (P-256) as PEM. Secret. */
export async function makePrivateKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(SIGNING, true, ["sign", "verify"]);
  return KeyObject.from(privateKey).export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * A self-signed certificate (PEM) for a server of these names and addresses.
 *
 * @param privateKeyPem as `makePrivateKey` makes it; the same key again keeps the pin
 * @param now milliseconds
 */
export async function makeSelfSigned(
  privateKeyPem: string,
  hosts: readonly string[],
  now: number,
  validDays = VALID_DAYS,
): Promise<string> {
  // Half a second of loading that only the maker of a certificate needs; the library wants its polyfill first.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      // Positive, and of full length.
      serialNumber: `4${randomBytes(16).toString("hex").slice(1)}`,
      name: [{ CN: ["tartfleet control plane"] }],
      notBefore: new Date(now - BACKDATED_DAYS * DAY_MS),
      notAfter: new Date(now + validDays * DAY_MS),
      signingAlgorithm: SIGNING,
      keys: await keyPairOf(privateKeyPem),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          hosts.map((host) => ({ type: isIP(host) === 0 ? "dns" : "ip", value: host })),
        ),
      ],
    },
    webcrypto,
  );
  return certificate.toString("pem");
}

async function keyPairOf(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const jwk = createPrivateKey(privateKeyPem).export({ format: "jwk" });
  const { d: _secret, ...publicJwk } = jwk;
  return {
    privateKey: await webcrypto.subtle.importKey("jwk", jwk, SIGNING, false, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("jwk", publicJwk, SIGNING, true, ["verify"]),
  };
}
