/** By what others know that they speak to this control plane. Nothing, where their systems tell them. */
export interface Identity {
  /** Of the key of its self-signed certificate; every token carries it. */
  pin?: string | undefined;
  /** The certificate or the authority that guests verify it by, as of now, in PEM. */
  guestCa?: (() => string | undefined) | undefined;
  /** When the certificate that is served ends, as of now; milliseconds since 1970. */
  certificateEndsAt?: (() => number) | undefined;
}
