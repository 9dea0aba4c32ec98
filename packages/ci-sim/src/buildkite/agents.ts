import { randomUUID } from "node:crypto";
import type { SimJobs } from "./jobs.ts";
import { isOver } from "./jobs.ts";

export interface SimAgent {
  id: string;
  name: string;
  queue: string;
  accessToken: string;
  state: "registered" | "connected" | "disconnected" | "lost";
  /** When it was last heard of; milliseconds since 1970. */
  heardAt: number;
  /** It wants no job any more: it has had the one that it came for. */
  ignoresDispatches: boolean;
}

/** So long an agent may be silent (ci-runners §2.4). */
const LOST_MS = 180_000;

/** The agents of a cluster. A silent one is lost, and its job ends with -1. */
export function makeAgents(jobs: SimJobs, now: () => number) {
  const all: SimAgent[] = [];

  const connected = (): SimAgent[] => all.filter(({ state }) => state === "connected");
  const jobOf = ({ id }: SimAgent) => jobs.all.find((job) => job.agentId === id && !isOver(job));

  function leave(agent: SimAgent, state: "disconnected" | "lost"): void {
    const job = jobOf(agent);
    agent.state = state;
    if (job) jobs.finish(job, -1);
  }

  return {
    all,
    connected,
    jobOf,
    leave,
    withToken: (token: string): SimAgent | undefined => all.find(({ accessToken }) => accessToken === token),
    register(name: string, queue: string, ignoresDispatches: boolean): SimAgent {
      const agent: SimAgent = {
        id: randomUUID(),
        name,
        queue,
        accessToken: randomUUID(),
        state: "registered",
        heardAt: now(),
        ignoresDispatches,
      };
      all.push(agent);
      return agent;
    },
    /** Before anything is answered: who was silent for too long is lost. */
    lookForLost(): void {
      for (const agent of connected()) if (now() - agent.heardAt > LOST_MS) leave(agent, "lost");
    },
  };
}

export type SimAgents = ReturnType<typeof makeAgents>;
