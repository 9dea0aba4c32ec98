import type { CredentialSource } from "../registry/credentials.ts";

/** Time limits of tart's commands in milliseconds (tart-contract §13). */
export const TART_LIMITS = {
  /** list, get, set, delete, fqn, version: they wait for nothing but the disk. */
  quick: 30_000,
  /** Without a pull; can wait for tart's global lock. */
  clone: 300_000,
  stop: 45_000,
  /** `ip` tries for this long inside one command; the limit is this and `quick` together. */
  ip: 5_000,
  /** A pull without a new line of output. */
  pullStall: 300_000,
  /** A pull that waits behind one that somebody else started on the host. */
  pullLock: 1_800_000,
};
export type TartLimits = typeof TART_LIMITS;

export interface TartConfig {
  /** Name or path of the executable. */
  path: string;
  tartHome: string;
  /** The agent's own environment, from which the child's is made. */
  env: Readonly<Record<string, string | undefined>>;
  /** Of registries, for the commands that fetch. */
  credentials: CredentialSource;
  limits: TartLimits;
  /** Divides every pause between two tries; 1 in production. */
  pace: number;
}

/** Where Homebrew puts things; launchd's PATH lacks it (tart-contract §1.3). */
const EXTRA_PATH = ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/**
 * The environment of a tart command: plain progress lines, no automatic pruning, a known TART_HOME, Homebrew
 * in PATH. The agent's own settings (its enrolment token among them) stay out, the registry's credentials go
 * only to commands that fetch.
 */
export function childEnv(
  config: Pick<TartConfig, "env" | "tartHome">,
  options: { registry: boolean },
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.env)) {
    if (value === undefined || name.startsWith("TARTFLEET_")) continue;
    if (name.startsWith("TART_REGISTRY_") && !options.registry) continue;
    env[name] = value;
  }
  return {
    ...env,
    CI: "1",
    TART_NO_AUTO_PRUNE: "",
    TART_HOME: config.tartHome,
    PATH: fullPath(config.env["PATH"]),
  };
}

/** Where tart, and what tart starts, is looked for. */
export function fullPath(given = ""): string {
  const path = given.split(":").filter((entry) => entry !== "");
  return [...path, ...EXTRA_PATH.filter((entry) => !path.includes(entry))].join(":");
}

/** Takes what says more than it should out of a command's output: passwords, and where the host keeps things. */
export function redact(config: TartConfig, text: string): string {
  const [user, password] = [config.env["TART_REGISTRY_USERNAME"], config.env["TART_REGISTRY_PASSWORD"]];
  const home = config.env["HOME"];
  let clean = text;
  if (password) {
    const header = Buffer.from(`${user}:${password}`).toString("base64");
    clean = clean.replaceAll(password, "***").replaceAll(header, "***");
  }
  clean = clean.replaceAll(config.tartHome, "$TART_HOME");
  if (home && home.length > 1) clean = clean.replaceAll(home, "~");
  return clean;
}
