/**
 * For Node: a control plane that made its certificate itself is known by the pin at the end of the token, and commands
 * can be run in VMs.
 */
import { mayNotBePlain, trustFor, type Trust } from "@tartfleet/tls";
import { createClient, type Client, type ClientOptions } from "./client.ts";
import { TartfleetError } from "./error.ts";
import { exec, type ExecOptions } from "./exec.ts";
import { trustingFetch } from "./trusting-fetch.ts";

export * from "./index.ts";
export type { ExecOptions } from "./exec.ts";

export interface NodeClientOptions extends Omit<ClientOptions, "fetch"> {
  /** Certificates of authorities in PEM, instead of those that Node knows. A pin in the token beats it. */
  ca?: string;
  /** Lets the token leave this machine in plain text, over http://. */
  insecure?: boolean;
}

export interface NodeClient extends Client {
  /**
   * Runs a program in a VM's guest, as it stands, without a shell, found by the guest's PATH. Secrets belong into
   * stdin: arguments stand in the process lists of the Mac and of the guest. It is sent once: what may have run is not run
   * again.
   *
   * @returns its exit code; 127: there is no such program
   * @throws TartfleetError, by the API's codes before it began; after that by those of docs/tunnels.md, or
   *   `connection_lost`
   */
  exec(id: string, argv: readonly string[], options: ExecOptions): Promise<number>;
}

/**
 * Speaks to one control plane. Nothing is sent yet.
 *
 * @throws TartfleetError `untrusted` when the token must not be sent there as it is
 */
export function connect({ url, token, ca, insecure = false, retryForMs }: NodeClientOptions): NodeClient {
  const trust = trustOf({ url, token, ca, insecure });
  const base = url.replace(/\/+$/, "");
  const client = createClient({
    url: base,
    token,
    fetch: trustingFetch(trust),
    ...(retryForMs === undefined ? {} : { retryForMs }),
  });
  return { ...client, exec: (id, argv, options) => exec({ url: base, token, trust }, id, argv, options) };
}

function trustOf(settings: { url: string; token: string; ca: string | undefined; insecure: boolean }): Trust {
  if (mayNotBePlain(settings.url, settings.insecure)) {
    throw new TartfleetError(
      "untrusted",
      `${settings.url} is plain text: everyone on the way could read the token. Say https://, or allow it with insecure.`,
    );
  }
  const trust = trustFor(settings);
  if ("refused" in trust) throw new TartfleetError("untrusted", trust.refused);
  return trust;
}
