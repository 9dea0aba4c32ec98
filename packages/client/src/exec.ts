import type { Readable, Writable } from "node:stream";
import { TUNNEL_CUTS } from "@tartfleet/shared";
import { write, type TunnelClose, type TunnelEnd } from "@tartfleet/tunnel";
import { TartfleetError } from "./error.ts";
import { openTunnel, type Connection } from "./open-tunnel.ts";

export interface ExecOptions {
  /** Without one the command's input is empty. */
  stdin?: Readable;
  stdout: Writable;
  /** Without one, what the command says aside is dropped. */
  stderr?: Writable;
  /** Ends the command in the guest, and rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Runs a program in a VM's guest, over a tunnel of its own. */
export async function exec(
  connection: Connection,
  id: string,
  argv: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const { signal } = options;
  signal?.throwIfAborted();
  const end = await openTunnel(connection, { vmId: id, kind: "exec", argv: [...argv] });
  // The host ends the command when its client goes.
  const leave = () => end.terminate();
  signal?.addEventListener("abort", leave, { once: true });
  try {
    if (signal?.aborted) leave();
    const code = await talk(end, options);
    signal?.throwIfAborted();
    return code ?? fail(await end.closed);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", leave);
    end.close();
  }
}

/** Carries input and output until the command's exit; undefined when the tunnel ends before that. */
async function talk(end: TunnelEnd, { stdin, stdout, stderr }: ExecOptions): Promise<number | undefined> {
  void (stdin ? end.carry("input", stdin) : Promise.resolve()).then(() => end.send({ kind: "input_end" }));
  for await (const frame of end.frames()) {
    if (frame.kind === "output") await write(stdout, frame.bytes);
    if (frame.kind === "error_output" && stderr) await write(stderr, frame.bytes);
    if (frame.kind === "exit") return frame.code;
    if (frame.kind === "failed") throw new TartfleetError(frame.failure.code, frame.failure.message);
  }
  return undefined;
}

function fail(close: TunnelClose): never {
  if (close.kind === "cut") throw new TartfleetError(close.cut, TUNNEL_CUTS[close.cut].text);
  throw new TartfleetError(
    "connection_lost",
    "The connection to the control plane was lost. The VM goes on; what ran over this connection was ended.",
  );
}
