export { connectAgent, type PlayedAgent } from "./agent.ts";
export { makeSimBuildkite, type SimBuildkite } from "./buildkite.ts";
export { serveSimBuildkite } from "./serve.ts";
export type { SimJob } from "./jobs.ts";
