import type { Clock } from "./clock.ts";
import type { EngineConfig } from "./config.ts";
import { makeExpiry } from "./expiry.ts";

/** What leases tell others of. */
interface LeaseListeners {
  /** The host's lease ran out; it was last heard of at that time. */
  onSilent(hostId: number, lastSeenAt: number): void;
  /** It has stayed silent for the grace as well: what it was bringing up is given up there. */
  onGivenUp(hostId: number): void;
}

/**
 * Which hosts count as connected: those heard of within their lease. Kept in memory only. After a start
 * nobody is connected, and every host has a whole lease and grace to come back before anything is given up.
 */
export function makeLeases(
  clock: Clock,
  config: Pick<EngineConfig, "leaseSeconds" | "silentGraceSeconds">,
  knownHosts: readonly number[],
  listeners: LeaseListeners,
) {
  const epochs = new Map<number, number>();
  const hosts = new Set(knownHosts);
  const agents = new Map<number, string | undefined>();
  const leases = makeExpiry<number>(clock, config.leaseSeconds * 1000, (hostId, lastSeenAt) => {
    silent.touch(hostId);
    if (epochs.delete(hostId)) listeners.onSilent(hostId, lastSeenAt);
  });
  const silent = makeExpiry<number>(clock, config.silentGraceSeconds * 1000, (hostId) =>
    listeners.onGivenUp(hostId),
  );
  for (const hostId of knownHosts) leases.touch(hostId);

  return {
    /** A sign of life from the host's session. */
    renew(hostId: number, epoch: number): void {
      epochs.set(hostId, epoch);
      hosts.add(hostId);
      silent.drop(hostId);
      leases.touch(hostId);
    },
    /** A silent host is waited for as long again. */
    waitOn(hostId: number): void {
      if (!epochs.has(hostId)) silent.touch(hostId);
    },
    /** The host is not to be heard any more: it counts as silent from now on, not from the end of its lease. */
    end(hostId: number): void {
      leases.drop(hostId);
      silent.touch(hostId);
      if (epochs.delete(hostId)) listeners.onSilent(hostId, clock.now());
    },
    /** The host is no longer part of the fleet. */
    forget(hostId: number): void {
      leases.drop(hostId);
      silent.drop(hostId);
      epochs.delete(hostId);
      hosts.delete(hostId);
    },
    /** It has been silent for the lease and the grace; after a start all have both before them. */
    isGivenUp: (hostId: number): boolean => !epochs.has(hostId) && !leases.has(hostId) && !silent.has(hostId),
    /** Which of a host's agents speaks for it from now on. */
    speaks(hostId: number, agentId: string | undefined): void {
      agents.set(hostId, agentId);
    },
    /** Another agent of that host is connected and was heard of within its lease. */
    hasRival(hostId: number, agentId: string | undefined): boolean {
      const present = agents.get(hostId);
      const areKnown = agentId !== undefined && present !== undefined;
      return areKnown && present !== agentId && epochs.has(hostId);
    },
    /** How many hosts may come. */
    hostCount: (): number => hosts.size,
    connectedCount: (): number => epochs.size,
    /** It is part of the fleet, heard of or not. */
    knows: (hostId: number): boolean => hosts.has(hostId),
    isConnected: (hostId: number): boolean => epochs.has(hostId),
    /** The connected session's epoch. */
    epoch: (hostId: number): number | undefined => epochs.get(hostId),
    /** This process stood still: who was connected is so for another lease, who was silent has all the grace. */
    renewAll(): void {
      leases.touchAll();
      silent.touchAll();
    },
    stop(): void {
      leases.stop();
      silent.stop();
    },
  };
}

export type Leases = ReturnType<typeof makeLeases>;
