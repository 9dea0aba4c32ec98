import { parseToken, TOKEN_PREFIX } from "@tartfleet/shared";
import { isLoopback } from "./loopback.ts";

/**
 * By what a client knows its control plane. A pin beats everything else: that key, whatever its certificate
 * says, and no other. Without one the certificate must be signed by an authority of `ca` (PEM), or by one that
 * Node knows.
 */
export interface Trust {
  pin?: string | undefined;
  ca?: string | undefined;
}

export interface TrustSettings {
  /** http(s), of the control plane. */
  url: string;
  /** It may carry the pin. */
  token: string;
  ca?: string | undefined;
  /** Plain text may leave this machine. */
  insecure: boolean;
}

/** Plain text off this machine would show the token to everyone on the way. */
export function mayNotBePlain(url: string, insecure: boolean): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !insecure && !isLoopback(hostname);
}

/**
 * Whom to trust with a token. `refused`, for people: this token must not be sent there as it is.
 */
export function trustFor({ url, token, ca, insecure }: TrustSettings): Trust | { refused: string } {
  const parsed = parseToken(token);
  if (!parsed && token.startsWith(TOKEN_PREFIX)) {
    return { refused: "the token is damaged: copy the whole of it, also what follows its dot" };
  }
  if (parsed?.pin !== undefined && new URL(url).protocol === "http:" && !insecure) {
    return { refused: `the token is of a control plane with TLS, but ${url} is plain text: use https://` };
  }
  return { pin: parsed?.pin, ca };
}
