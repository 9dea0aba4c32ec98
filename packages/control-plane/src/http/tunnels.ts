import { CallError, LARGEST_FRAME_BYTES, tunnelKindSchema, type TunnelCut } from "@tartfleet/shared";
import { WebSocketServer, type WebSocket } from "ws";
import { authorize, authorizeForVm } from "../api/authorize.ts";
import type { Clock } from "../engine/clock.ts";
import type { Tunnel } from "../engine/use-cases.ts";
import { join, makeSide, type JoinedSide } from "./join.ts";
import type { Admitted, Route, UpgradeDeps } from "./upgrades.ts";

const CLIENT_PATH = /^\/v1\/vms\/(?<vmId>[^/]{1,64})\/tunnels\/(?<kind>[a-z]{1,16})$/;
const AGENT_PATH = /^\/v1\/tunnels\/(?<id>[a-z0-9]{1,64})$/;

/** Joins clients' sockets with those that agents open when they are told to. */
interface Tunnels {
  routeOf(path: string): Route | undefined;
  /** Cuts every tunnel; resolves when all have ended, durably. */
  close(): Promise<void>;
}

interface TunnelDeps extends Pick<UpgradeDeps, "useCases" | "log" | "limits"> {
  clock: Clock;
}

export function serveTunnels({ useCases, log, limits, clock }: TunnelDeps): Tunnels {
  const wss = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LARGEST_FRAME_BYTES,
    maxFragments: 128,
    maxBufferedChunks: 4096,
    perMessageDeflate: false,
    // Its side answers.
    autoPong: false,
  });
  /** Agents that are waited for, by the tunnel. */
  const awaited = new Map<string, (side: JoinedSide) => void>();
  const closing = new AbortController();
  const running = new Set<Promise<void>>();

  /** @throws CallError when the caller is gone, or asked in a way that ws has answered for itself */
  function upgrade({ request, socket, head }: Admitted): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const left = () => reject(new CallError("invalid_request", "You left"));
      if (socket.destroyed) return left();
      socket.once("close", left);
      wss.handleUpgrade(request, socket, head, (made) => {
        socket.off("close", left);
        resolve(made);
      });
    });
  }

  /** @throws CallError */
  async function awaitAgent(tunnel: Tunnel): Promise<JoinedSide> {
    const { promise, resolve, reject } = Promise.withResolvers<JoinedSide>();
    const refuse = () => {
      const cut: unknown = tunnel.signal.reason;
      if (cut === "host_silent") reject(new CallError("host_silent", "The VM's host fell silent."));
      else reject(new CallError("vm_not_reachable", "The VM ended meanwhile."));
    };
    const cancel = clock.after(limits.tunnelOpenMs, () =>
      reject(
        new CallError("tunnel_not_opened", "The host's agent did not open the tunnel in time; ask again."),
      ),
    );
    const leave = () =>
      reject(new CallError("shutting_down", "The control plane is shutting down; come back"));
    let isOver = false;
    awaited.set(tunnel.id, (side) => {
      if (isOver) side.socket.terminate();
      else resolve(side);
    });
    tunnel.signal.addEventListener("abort", refuse);
    closing.signal.addEventListener("abort", leave);
    if (tunnel.signal.aborted) refuse();
    try {
      return await promise;
    } finally {
      isOver = true;
      cancel();
      awaited.delete(tunnel.id);
      tunnel.signal.removeEventListener("abort", refuse);
      closing.signal.removeEventListener("abort", leave);
    }
  }

  async function serveClient(admitted: Admitted, vmId: string, kindText: string): Promise<void> {
    const { caller, access } = admitted;
    const kind = tunnelKindSchema.safeParse(kindText).data;
    if (kind === undefined)
      throw new CallError("route_not_found", `There are no tunnels of the kind ${kindText}`);
    authorizeForVm(useCases, caller, kind === "logs" ? "vm.logs" : "vm.enter", vmId);
    const tunnel = await useCases.openTunnel(caller, vmId, kind);
    const about = { requestId: caller.requestId, tunnel: tunnel.id, vmId, kind };
    let agent: JoinedSide | undefined;
    let client: JoinedSide;
    try {
      agent = await awaitAgent(tunnel);
      client = makeSide(await upgrade(admitted));
    } catch (error) {
      agent?.socket.terminate();
      await tunnel.ended({ reason: agent ? "client_left" : "not_opened", toGuest: 0, fromGuest: 0 });
      throw error;
    }
    log.info(about, "tunnel opened");
    const invalid = new AbortController();
    const release = access.whenInvalid(() => invalid.abort("token_invalid" satisfies TunnelCut));
    const signal = AbortSignal.any([closing.signal, tunnel.signal, invalid.signal]);
    const over = join(client, agent, { signal, clock, limits }).then(async (ended) => {
      release();
      log.info({ ...about, ...ended }, "tunnel ended");
      await tunnel.ended(ended);
    });
    running.add(over);
    void over.finally(() => running.delete(over));
  }

  async function serveAgent(admitted: Admitted, id: string): Promise<void> {
    const { principal, ...call } = admitted.caller;
    authorize(useCases, admitted.caller, "agent.speak");
    if (principal.kind !== "host") throw new CallError("forbidden", "Only a host's own token may do this");
    const { signal } = useCases.tunnelFor({ ...call, principal }, id);
    const arrive = awaited.get(id);
    if (!arrive || signal.aborted) {
      throw new CallError("tunnel_not_found", "Nobody waits for that tunnel any more.");
    }
    awaited.delete(id);
    const side = makeSide(await upgrade(admitted));
    const release = admitted.access.whenInvalid(() => side.socket.terminate());
    side.socket.once("close", release);
    arrive(side);
  }

  return {
    routeOf(path) {
      const asked = CLIENT_PATH.exec(path)?.groups;
      if (asked) {
        const { vmId = "", kind = "" } = asked;
        return {
          name: "/v1/vms/{id}/tunnels/{kind}",
          enter: (admitted) => serveClient(admitted, vmId, kind),
        };
      }
      const id = AGENT_PATH.exec(path)?.groups?.["id"];
      if (id === undefined) return undefined;
      return { name: "/v1/tunnels/{id}", enter: (admitted) => serveAgent(admitted, id) };
    },
    async close() {
      closing.abort("restarting" satisfies TunnelCut);
      await Promise.all(running);
    },
  };
}
