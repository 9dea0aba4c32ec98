/**
 * For Node: a control plane that made its certificate itself is known by the pin at the end of the token, and commands
 * can be run in VMs.
 */
import type { Readable, Writable } from "node:stream";
import { mayNotBePlain, trustFor, type Trust } from "@tartfleet/tls";
import { createClient, type Client, type ClientOptions } from "./client.ts";
import { TartfleetError } from "./error.ts";
import { overTunnel } from "./over-tunnel.ts";
import { trustingFetch } from "./trusting-fetch.ts";

export * from "./index.ts";

export interface NodeClientOptions extends Omit<ClientOptions, "fetch"> {
  /** Certificates of authorities in PEM, instead of those that Node knows. A pin in the token beats it. */
  ca?: string;
  /** Lets the token leave this machine in plain text, over http://. */
  insecure?: boolean;
}

export interface ExecOptions {
  /** Without one the command's input is empty. */
  stdin?: Readable;
  stdout: Writable;
  /** Without one, what the command says aside is dropped. */
  stderr?: Writable;
  /** Ends the command in the guest, and rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface LogsOptions {
  /** Also what comes, until the VM's end. */
  follow?: boolean;
  /** For what the VM's runner or script prints. */
  stdout: Writable;
  /** For what `tart run` says on its host. */
  stderr?: Writable;
  /** Rejects with its reason. */
  signal?: AbortSignal;
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
  /**
   * What a VM that runs prints, the last 64 KiB of each; of one that has ended, its events and `scriptResult` have what
   * was kept.
   *
   * @throws TartfleetError by the API's codes, or by those of docs/tunnels.md
   */
  logs(id: string, options: LogsOptions): Promise<void>;
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
  const connection = { url: base, token, trust };
  return {
    ...client,

    async exec(id, argv, { stdin, stdout, stderr, signal }) {
      const near = { input: stdin, output: stdout, errorOutput: stderr };
      const code = await overTunnel(connection, { vmId: id, kind: "exec", argv: [...argv] }, near, signal);
      if (code !== undefined) return code;
      throw new TartfleetError("outcome_unknown", "The command ended without an exit code");
    },

    async logs(id, { follow = false, stdout, stderr, signal }) {
      const near = { output: stdout, errorOutput: stderr };
      const wanted = { vmId: id, kind: "logs", ...(follow ? { follow } : {}) } as const;
      try {
        await overTunnel(connection, wanted, near, signal);
      } catch (error) {
        if (!(follow && error instanceof TartfleetError && error.code === "vm_ended")) throw error;
      }
    },
  };
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
