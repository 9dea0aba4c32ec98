import { CallError, isTerminal, type TunnelCut, type TunnelKind, type TunnelWish } from "@tartfleet/shared";
import type { Vm } from "../domain/vm.ts";
import { actOf, nameOf, vmName } from "./acts.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { Caller, HostCaller, Tunnel, TunnelEnded, UseCases } from "./use-cases.ts";
import { vmNotFound } from "./vms.ts";

/** In which a VM has an instance whose guest may answer. */
const REACHABLE: ReadonlySet<Vm["state"]> = new Set(["booting", "provisioning", "ready", "draining"]);

const TUNNEL_ID_LENGTH = 24;

interface Open {
  wish: TunnelWish;
  hostId: number;
  by: string;
  tunnel: Tunnel;
}

/**
 * Which tunnels are open or wanted, and whether each may go on. In memory alone: a tunnel does not outlive the
 * process that joins its ends. What is carried is nobody's business here.
 */
export function makeTunnels(parts: Parts, patience: Patience) {
  const { store, changes, leases, clock, config, randomId } = parts;
  const open = new Map<string, Open>();

  /** @throws CallError that says why there is nothing to reach */
  function requireReachable(vmId: string, kind: TunnelKind): { vm: Vm; hostId: number } {
    const vm = store.vm(vmId);
    if (!vm) throw vmNotFound(vmId);
    const { hostId } = vm;
    if (isTerminal(vm.state)) throw notReachable(`VM ${vmId} has ended (${vm.end?.reason ?? vm.state}).`);
    if (hostId === null || !REACHABLE.has(vm.state)) {
      const advice =
        vm.state === "stopping" ? "It is about to end." : `Wait for it: tartfleet vm wait ${vmId}.`;
      throw notReachable(`VM ${vmId} is ${vm.state}. ${advice}`);
    }
    if (vm.spec.pool !== undefined && kind !== "logs") {
      const message = `VM ${vmId} is kept warm by pool ${vm.spec.pool}: nobody goes in before the VM that takes it over.`;
      throw notReachable(message);
    }
    return { vm, hostId };
  }

  /** @throws CallError */
  function requireHost(hostId: number, kind: TunnelKind): void {
    const { name, facts } = store.hostRow(hostId);
    if (!leases.isConnected(hostId)) {
      throw new CallError("host_silent", `Host ${name} is silent; the VM can be reached when it is back.`);
    }
    if (!(facts?.tunnelKinds ?? []).includes(kind)) {
      const message = `The agent of host ${name} cannot open tunnels of the kind ${kind}: upgrade it, which touches no VM.`;
      throw new CallError("tunnel_unsupported", message);
    }
  }

  /** @throws CallError too_many_tunnels */
  function requireRoom(hostId: number, by: string): void {
    const all = [...open.values()];
    const limits = [
      {
        of: "of this token",
        count: all.filter((one) => one.by === by).length,
        most: config.maxTunnelsPerToken,
      },
      {
        of: "to that host",
        count: all.filter((one) => one.hostId === hostId).length,
        most: config.maxTunnelsPerHost,
      },
      { of: "in all", count: all.length, most: config.maxTunnels },
    ];
    const full = limits.find(({ count, most }) => count >= most);
    if (full) {
      throw new CallError(
        "too_many_tunnels",
        `There are ${full.count} tunnels ${full.of} already; end some.`,
      );
    }
  }

  function endOf(caller: Caller, { id, kind, vmId }: TunnelWish & { vmId: string }, since: number) {
    return ({ reason, toGuest, fromGuest }: TunnelEnded): Promise<void> => {
      const seconds = Math.round((clock.now() - since) / 1000);
      const details = { tunnel: id, kind, reason, seconds, bytesToGuest: toGuest, bytesFromGuest: fromGuest };
      const act = actOf(caller, "vm.tunnel_end", vmName(vmId), details);
      return new Promise((resolve) => {
        patience.keepTrying(() => store.recordAct(act, clock.now()).then(resolve));
      });
    };
  }

  const useCases: Pick<UseCases, "openTunnel" | "tunnelFor"> = {
    async openTunnel(caller, vmId, kind) {
      const { vm, hostId } = requireReachable(vmId, kind);
      requireHost(hostId, kind);
      const by = nameOf(caller.principal);
      requireRoom(hostId, by);
      const id = randomId(TUNNEL_ID_LENGTH);
      const since = clock.now();
      const wish = { id, kind, ...store.namesakeOf({ vmId, attempt: vm.attempt }) };
      const cut = new AbortController();
      const look = () => {
        const now = store.vm(vmId);
        const isThere = now?.attempt === vm.attempt && REACHABLE.has(now.state);
        const why: TunnelCut | undefined = !isThere
          ? "vm_ended"
          : leases.isConnected(hostId)
            ? undefined
            : "host_silent";
        if (why !== undefined) cut.abort(why);
      };
      const stops = [
        changes.onVm(vmId)(look),
        changes.onHostRoom((changed) => {
          if (changed === hostId) look();
        }),
      ];
      const end = endOf(caller, { ...wish, vmId }, since);
      const tunnel: Tunnel = {
        id,
        kind,
        signal: cut.signal,
        async ended(how) {
          if (!open.delete(id)) return;
          for (const stop of stops) stop();
          changes.hostChanged(hostId);
          await end(how);
        },
      };
      open.set(id, { wish, hostId, by, tunnel });
      try {
        const details = { tunnel: id, kind, attempt: vm.attempt };
        await store.recordAct(actOf(caller, "vm.tunnel", vmName(vmId), details), since);
      } catch (error) {
        open.delete(id);
        for (const stop of stops) stop();
        throw error;
      }
      // While the row was written it may have ended.
      look();
      changes.hostChanged(hostId);
      return tunnel;
    },

    tunnelFor({ principal }: HostCaller, id) {
      const found = open.get(id);
      if (found?.hostId !== principal.hostId) {
        throw new CallError("tunnel_not_found", "Nobody waits for that tunnel any more.");
      }
      return found.tunnel;
    },
  };

  return {
    useCases,
    /** What a host's agent is to have open. */
    wishesOf: (hostId: number): TunnelWish[] =>
      [...open.values()].flatMap((one) => (one.hostId === hostId ? [one.wish] : [])),
  };
}

function notReachable(message: string): CallError {
  return new CallError("vm_not_reachable", message);
}
