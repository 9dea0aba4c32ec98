import { call, type Trust } from "@tartfleet/tls";
import { TartfleetError } from "./error.ts";

/** By what Node and OpenSSL say that the other side is not who it should be. */
const UNTRUSTED =
  /^(TLS_PIN_MISMATCH|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)|ERR_TLS_CERT_ALTNAME_INVALID|CERT_HAS_EXPIRED)$/;

/** What the client needs of `fetch`, for whom the token's pin or the given authorities name and nobody else. */
export function trustingFetch(trust: Trust): typeof fetch {
  return async (input, { method = "GET", headers, body, signal } = {}) => {
    if (typeof input !== "string") throw new TypeError("the client calls by text");
    try {
      return await call(input, trust, {
        method,
        headers: Object.fromEntries(new Headers(headers)),
        ...(typeof body === "string" ? { body } : {}),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (error instanceof Error && "code" in error && UNTRUSTED.test(String(error.code))) {
        const message = `${new URL(input).host} is not trusted: ${error.message}`;
        throw new TartfleetError("untrusted", message, { cause: error });
      }
      throw error;
    }
  };
}
