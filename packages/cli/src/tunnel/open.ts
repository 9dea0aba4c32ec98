import { TUNNEL_VERSION, vmTunnelPath, type TunnelKind, type TunnelOpen } from "@tartfleet/shared";
import { dialTunnel, type TunnelEnd } from "@tartfleet/tunnel";
import { unreachable } from "../api/failures.ts";
import { refusal } from "../api/refusals.ts";
import type { Connection } from "../connection.ts";

/** The host has to open its end before the control plane says yes. */
const HANDSHAKE_MS = 30_000;

interface Wanted extends Omit<TunnelOpen, "version"> {
  vmId: string;
  kind: TunnelKind;
}

/**
 * Opens a tunnel to a VM. What it is for goes through the tunnel, not into a URL that somebody may write down.
 *
 * @throws CliError
 */
export async function openTunnel(
  { url, token, trust }: Connection,
  { vmId, kind, ...open }: Wanted,
): Promise<TunnelEnd> {
  const path = vmTunnelPath(vmId, kind);
  const dialled = await dialTunnel({ url, path, token, trust, handshakeMs: HANDSHAKE_MS });
  const target = `GET ${url}${path}`;
  if (dialled.kind === "failed") throw unreachable(target, url, dialled.error);
  if (dialled.kind === "refused") {
    throw refusal(target, dialled.status, parsed(dialled.body), dialled.location);
  }
  await dialled.end.send({ kind: "open", open: { version: TUNNEL_VERSION, ...open } });
  return dialled.end;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
