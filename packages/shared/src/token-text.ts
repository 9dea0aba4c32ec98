/** What every token of ours begins with. */
export const TOKEN_PREFIX = "tartfleet_";

const TOKEN = /^tartfleet_([0-9a-z]{12})_([A-Za-z0-9_-]{43})(?:\.([A-Za-z0-9_-]{43}))?$/;

/** A token as it is handed out: `tartfleet_<id>_<secret>`, with `.<pin>` where it says whom to trust. */
export interface TokenText {
  /** Finds its row. */
  id: string;
  /** 256 bits that prove it; only its hash is kept. */
  secret: string;
  /** The key of the control plane that made it: for clients to check, for the control plane to ignore. */
  pin?: string | undefined;
}

export function parseToken(text: string): TokenText | undefined {
  const [, id, secret, pin] = TOKEN.exec(text) ?? [];
  return id !== undefined && secret !== undefined ? { id, secret, pin } : undefined;
}

export function writeToken({ id, secret, pin }: TokenText): string {
  return `${TOKEN_PREFIX}${id}_${secret}${pin === undefined ? "" : `.${pin}`}`;
}
