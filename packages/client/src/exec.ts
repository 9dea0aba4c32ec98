import type { Readable, Writable } from "node:stream";
import type { Trust } from "@tartfleet/tls";
import { TUNNEL_CUTS, TUNNEL_VERSION, vmTunnelPath } from "@tartfleet/shared";
import { dialTunnel, write, type TunnelClose, type TunnelEnd } from "@tartfleet/tunnel";
import { TartfleetError } from "./error.ts";
import { refusal } from "./http.ts";

/** The host has to open its end before the control plane says yes. */
const HANDSHAKE_MS = 30_000;

export interface ExecOptions {
  /** Without one the command's input is empty. */
  stdin?: Readable;
  stdout: Writable;
  /** Without one, what the command says aside is dropped. */
  stderr?: Writable;
  /** Ends the command in the guest, and rejects with the signal's reason. */
  signal?: AbortSignal;
}

interface Connection {
  url: string;
  token: string;
  trust: Trust;
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
  const end = await dial(connection, id);
  // The host ends the command when its client goes.
  const leave = () => end.terminate();
  signal?.addEventListener("abort", leave, { once: true });
  try {
    if (signal?.aborted) leave();
    await end.send({ kind: "open", open: { version: TUNNEL_VERSION, argv: [...argv] } });
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

async function dial({ url, token, trust }: Connection, id: string): Promise<TunnelEnd> {
  const path = vmTunnelPath(id, "exec");
  const dialled = await dialTunnel({ url, path, token, trust, handshakeMs: HANDSHAKE_MS });
  if (dialled.kind === "open") return dialled.end;
  const call = { method: "GET", path } as const;
  if (dialled.kind === "refused") {
    const { status, body: text, location } = dialled;
    throw refusal(call, { status, text, headers: new Headers(location ? { location } : {}) });
  }
  throw new TartfleetError("unreachable", `GET ${path}: no answer: ${dialled.error.message}`, {
    cause: dialled.error,
  });
}

function fail(close: TunnelClose): never {
  if (close.kind === "cut") throw new TartfleetError(close.cut, TUNNEL_CUTS[close.cut].text);
  throw new TartfleetError(
    "connection_lost",
    "The connection to the control plane was lost. The VM goes on; what ran over this connection was ended.",
  );
}
