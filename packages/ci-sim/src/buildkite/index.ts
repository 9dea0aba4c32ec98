export { connectAgent, type PlayedAgent } from "./agent.ts";
export { makeSimBuildkite, type SimBuildkite } from "./buildkite.ts";
export type { SimJob } from "./jobs.ts";
