import { X509Certificate } from "node:crypto";
import { makePrivateKey, makeSelfSigned, pinOf } from "@tartfleet/tls";

/** A key, a certificate for this machine and its pin; a negative number of days has passed. */
export async function identity(validDays?: number, key?: string) {
  const ownKey = key ?? (await makePrivateKey());
  const cert = await makeSelfSigned(ownKey, ["127.0.0.1"], Date.now(), validDays);
  return { key: ownKey, cert, pin: pinOf(new X509Certificate(cert).publicKey) };
}
