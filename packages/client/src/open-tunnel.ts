import type { Trust } from "@tartfleet/tls";
import { TUNNEL_VERSION, vmTunnelPath, type TunnelKind, type TunnelOpen } from "@tartfleet/shared";
import { dialTunnel, type TunnelEnd } from "@tartfleet/tunnel";
import { failureOf, refusal } from "./http.ts";

/** The host has to open its end before the control plane says yes. */
const HANDSHAKE_MS = 30_000;

/** Where the control plane is, and by what it is known. */
export interface Connection {
  /** Without a slash at its end. */
  url: string;
  token: string;
  trust: Trust;
}

export interface WantedTunnel extends Omit<TunnelOpen, "version"> {
  vmId: string;
  kind: TunnelKind;
}

/**
 * Opens a tunnel to a VM. What it is for goes through the tunnel, not into a URL that somebody may write down.
 *
 * @throws TartfleetError
 */
export async function openTunnel(
  { url, token, trust }: Connection,
  { vmId, kind, ...open }: WantedTunnel,
): Promise<TunnelEnd> {
  const call = { method: "GET", path: vmTunnelPath(vmId, kind) } as const;
  const dialled = await dialTunnel({ url, path: call.path, token, trust, handshakeMs: HANDSHAKE_MS });
  if (dialled.kind === "failed") throw failureOf(dialled.error, call);
  if (dialled.kind === "refused") {
    const { status, body: text, location } = dialled;
    throw refusal(call, { status, text, headers: new Headers(location ? { location } : {}) });
  }
  await dialled.end.send({ kind: "open", open: { version: TUNNEL_VERSION, ...open } });
  return dialled.end;
}
