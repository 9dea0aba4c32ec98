import type { SimAgents } from "./agents.ts";
import { isAtWork, isOver, type SimJobs } from "./jobs.ts";

/** What the metrics endpoint answers (buildkite-agent-metrics, collector.go). */
export function metricsOf({ agents, jobs }: { agents: SimAgents; jobs: SimJobs }, only?: string) {
  const of = (queue?: string) => {
    const own = jobs.all.filter((job) => !isOver(job) && (queue === undefined || job.queue === queue));
    const here = agents.connected().filter((agent) => queue === undefined || agent.queue === queue);
    const busy = here.filter((agent) => agents.jobOf(agent) !== undefined).length;
    const count = (state: string) => own.filter((job) => job.state === state).length;
    return {
      jobs: {
        scheduled: count("scheduled"),
        running: own.filter(isAtWork).length,
        waiting: count("waiting"),
        total: own.length,
      },
      agents: { idle: here.length - busy, busy, total: here.length },
    };
  };
  const named = { organization: { slug: "acme" }, cluster: { name: "Macs" } };
  if (only !== undefined) return { ...named, ...of(only) };
  // Queues with nothing in them are left out.
  const jobQueues = new Set(jobs.all.filter((job) => !isOver(job)).map(({ queue }) => queue));
  const agentQueues = new Set(agents.connected().map(({ queue }) => queue));
  const total = of();
  return {
    ...named,
    jobs: { ...total.jobs, queues: Object.fromEntries([...jobQueues].map((key) => [key, of(key).jobs])) },
    agents: {
      ...total.agents,
      queues: Object.fromEntries([...agentQueues].map((key) => [key, of(key).agents])),
    },
  };
}
