import {
  agentTunnelPath,
  instanceName,
  TUNNEL_VERSION,
  type TunnelFailure,
  type TunnelKind,
  type TunnelOpen,
} from "@tartfleet/shared";
import type { Dialled, TunnelEnd } from "@tartfleet/tunnel";
import type { SshLogin } from "../guest/ssh-guest.ts";
import type { RunLogs } from "../host/ports.ts";
import type { Log } from "../log.ts";
import type { AttachingTart } from "../tart/tart.ts";
import { serveExec } from "./exec.ts";
import { serveLogs } from "./logs.ts";
import { servePort } from "./port.ts";
import type { OpenTunnel } from "./tunnels.ts";

/** What tunnels are served with. */
export interface TunnelParts {
  dial: (path: string) => Promise<Dialled>;
  tart: Pick<AttachingTart, "attach" | "ip" | "probeAgent" | "execIsDead">;
  ssh: SshLogin;
  runLogs: Pick<RunLogs, "path">;
  log: Log;
}

/** A tunnel to be served, once its client has said what it wants. */
export interface Served {
  end: TunnelEnd;
  /** What else the client says. */
  frames: ReturnType<TunnelEnd["frames"]>;
  open: TunnelOpen;
  /** The VM's instance. */
  name: string;
  /** Aborts when the tunnel is over. */
  signal: AbortSignal;
}

export type Serve = (served: Served, parts: TunnelParts) => Promise<void>;

/** macOS' Screen Sharing, and what tart's --vnc is about. */
const VNC_PORT = 5900;

const SERVE: Record<TunnelKind, Serve> = {
  exec: serveExec,
  ssh: (served, parts) => servePort(served, parts, parts.ssh.port),
  vnc: (served, parts) => servePort(served, parts, VNC_PORT),
  logs: serveLogs,
};

/** The kinds of tunnels that this agent can open. */
export const SERVED_KINDS = Object.keys(SERVE);

/** Opens tunnels for the VMs of this host. */
export function makeOpenTunnel(parts: TunnelParts): OpenTunnel {
  return async (wish, wanted) => {
    const { vmId, attempt, kind } = wish;
    const about = { tunnel: wish.id, kind, vmId, attempt };
    const dialled = await parts.dial(agentTunnelPath(wish.id));
    if (dialled.kind !== "open") {
      const why = dialled.kind === "refused" ? `HTTP ${dialled.status}` : dialled.error.message;
      parts.log.warn({ ...about, why }, "a tunnel was not opened");
      return;
    }
    const { end } = dialled;
    const over = new AbortController();
    const stop = () => end.terminate();
    if (wanted.aborted) stop();
    wanted.addEventListener("abort", stop, { once: true });
    void end.closed.then(() => over.abort());
    const frames = end.frames();
    const first = await frames.next();
    if (!first.done) {
      parts.log.info(about, "tunnel opened");
      const serve = SERVE[kind];
      const wrong = first.value.kind === "open" ? mistakeIn(first.value.open) : NO_OPEN;
      if (wrong || first.value.kind !== "open") {
        await end.send({ kind: "failed", failure: wrong ?? NO_OPEN });
      } else {
        const name = instanceName(vmId, attempt);
        await serve({ end, frames, open: first.value.open, name, signal: over.signal }, parts);
      }
    }
    // The client has the last word: it closes when it has taken everything.
    while (!(await frames.next()).done);
    await end.closed;
    wanted.removeEventListener("abort", stop);
    parts.log.info(about, "tunnel ended");
  };
}

const NO_OPEN: TunnelFailure = {
  code: "not_understood",
  message: "The tunnel began with something that this agent does not understand.",
};

function mistakeIn({ version }: TunnelOpen): TunnelFailure | undefined {
  if (version === TUNNEL_VERSION) return undefined;
  const message = `The client speaks version ${version} of tunnels, the host's agent ${TUNNEL_VERSION}; upgrade the older one.`;
  return { code: "not_understood", message };
}
