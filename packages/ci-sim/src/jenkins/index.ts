export { makeSimJenkins, type AgentPeer, type Channel, type SimJenkins } from "./jenkins.ts";
export type { SimBuild } from "./builds.ts";
export { Refusal } from "./refusal.ts";
export { serveSimJenkins, type ServedJenkins } from "./serve.ts";
export {
  groovyIsMissing,
  startPipelines,
  type PipelineOutcome,
  type PipelineRun,
  type Pipelines,
} from "./pipeline/run.ts";
export { serveSteps } from "./pipeline/steps.ts";
