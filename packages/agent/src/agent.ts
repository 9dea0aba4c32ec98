import type { HostFacts } from "@tartfleet/shared";
import { createHost, type HostView } from "./host/host.ts";
import { inventory } from "./host/look.ts";
import type { HostParts } from "./host/ports.ts";
import type { ControlPlane } from "./link/control-plane.ts";
import { createLink, type LinkEnd } from "./link/link.ts";
import { createQuestions, type ResolveTag } from "./registry/questions.ts";
import { createTunnels, type OpenTunnel } from "./tunnel/tunnels.ts";

/** All that an agent works with; a simulation passes its own. */
export interface AgentParts extends Omit<HostParts, "bootstrap"> {
  controlPlane: ControlPlane;
  machineId: string;
  /** Of the data folder, so that it stays the same over restarts. */
  agentId: string;
  /** A view of the host in the control plane's words. */
  facts(view: HostView): Promise<HostFacts>;
  /** Asks a reference's registry what its tag stands for; an agent without it is never asked to. */
  resolveTag?: ResolveTag | undefined;
  /** Opens tunnels to VMs; an agent without it is never asked to. */
  openTunnel?: OpenTunnel | undefined;
  /** Told when a session with the control plane begins, and when it ends. */
  onSession?: ((isOpen: boolean) => void) | undefined;
}

export interface Agent {
  /**
   * Brings the host to what its control plane wants, until the signal is aborted or the control plane says
   * something final. Steps in progress are cut off then; VMs stay. May be called again.
   */
  run(signal: AbortSignal): Promise<LinkEnd>;
}

const MOST_INSTANCES = 100;

/** Ties the host's loop to the link. */
export function createAgent(parts: AgentParts): Agent {
  const { controlPlane, clock, random, log, machineId, agentId } = parts;
  const host = createHost(
    { ...parts, bootstrap: (attempt, signal) => link.bootstrap(attempt, signal) },
    {
      put: (report) => link.put(report),
      onView: (view) => void parts.facts(view).then((facts) => link.setFacts(facts)),
    },
  );
  const link = createLink({
    controlPlane,
    clock,
    random,
    log,
    host: {
      async describe(signal) {
        const view = await host.freshView(signal);
        if (!view) return undefined;
        const facts = await parts.facts(view);
        const instances = inventory(view.seen, view.instances).slice(0, MOST_INSTANCES);
        return { machineId, agentId, facts, instances };
      },
      onWelcome(welcome) {
        host.onWelcome(welcome);
        parts.onSession?.(true);
      },
      onSet(set) {
        host.onSet(set);
        questions?.asked(set.resolve ?? []);
        tunnels?.asked(set.tunnels ?? []);
      },
      onLost() {
        host.onLost();
        parts.onSession?.(false);
        questions?.asked([]);
      },
    },
  });

  const questions =
    parts.resolveTag &&
    createQuestions(parts.resolveTag, (reference, answer) => link.tellResolved(reference, answer));

  const tunnels = parts.openTunnel && createTunnels(parts.openTunnel);

  return {
    async run(signal) {
      const stop = new AbortController();
      const end = () => stop.abort();
      if (signal.aborted) end();
      signal.addEventListener("abort", end, { once: true });
      const hosting = host.run(stop.signal);
      try {
        // The host's loop ends before the link only by a fault, which is thrown on.
        return await Promise.race([link.run(stop.signal), hosting.then(() => STOPPED)]);
      } finally {
        end();
        questions?.asked([]);
        tunnels?.asked([]);
        signal.removeEventListener("abort", end);
        await hosting;
      }
    },
  };
}

const STOPPED: LinkEnd = { kind: "stopped" };
