import type { ToldJob } from "../demand.ts";
import { vmRegisteredAs } from "../registered-name.ts";
import { satisfies, type Capabilities } from "./demands.ts";

/** A job of a pool as `jobrequests` tells of it. Times are milliseconds since 1970. */
export interface JobRequest {
  requestId: number;
  demands: readonly string[];
  /** Of the agent that it is assigned to. */
  agent: string | undefined;
  isOver: boolean;
  finishedAt: number | undefined;
}

export interface Offer {
  name: string;
  capabilities: Capabilities;
}

/** What Azure says of a VM's job. */
export interface ToldRequest {
  state: ToldJob;
  finishedAt: number | undefined;
}

/**
 * How many jobs wait for each definition of a pool. A job that several could take waits for the first; one that none
 * could take is somebody else's.
 */
export function waitingRequests(
  requests: readonly JobRequest[],
  offers: readonly Offer[],
): ReadonlyMap<string, number> {
  const waiting = new Map(offers.map(({ name }) => [name, 0]));
  for (const { agent, isOver, demands } of requests) {
    if (isOver || agent !== undefined) continue;
    const offer = offers.find(({ capabilities }) => satisfies(capabilities, demands));
    if (offer) waiting.set(offer.name, (waiting.get(offer.name) ?? 0) + 1);
  }
  return waiting;
}

/** The jobs of our VMs, by the VM. An agent runs once: what runs counts before what is over. */
export function jobsOfVms(requests: readonly JobRequest[]): ReadonlyMap<string, ToldRequest> {
  const jobs = new Map<string, ToldRequest>();
  for (const { agent, isOver, finishedAt } of requests) {
    const vmId = agent === undefined ? undefined : vmRegisteredAs(agent);
    if (vmId === undefined || (isOver && jobs.has(vmId))) continue;
    jobs.set(vmId, { state: isOver ? "done" : "running", finishedAt });
  }
  return jobs;
}
