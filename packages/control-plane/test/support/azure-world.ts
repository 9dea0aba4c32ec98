import { makeSimAzure, type SimAzureAgent, type SimAzureJob } from "@tartfleet/ci-sim/azure";
import { startAzure } from "../../src/integrations/azure/azure.ts";
import type { AzureDefinition } from "../../src/integrations/azure/config.ts";
import { startPolledWorld, type Course } from "./polled-world.ts";

export const AZURE_RUNNER: AzureDefinition = {
  name: "ios",
  pool: "Macs",
  capabilities: { xcode: "16.2" },
  image: "ghcr.io/org/image:1",
  os: "macos",
  hostLabels: {},
  min: 0,
  max: 10,
  idleSeconds: 600,
};

/** Azure, and a control plane that serves one of its pools. The placeholder is there before the first job. */
export async function startAzureWorld({
  runners = [AZURE_RUNNER],
  ...options
}: {
  runners?: AzureDefinition[];
  hosts?: number;
  courses?: Record<string, Course>;
  mutes?: number;
} = {}) {
  let azure!: ReturnType<typeof makeSimAzure>;
  const world = await startPolledWorld<SimAzureJob>((now) => {
    azure = makeSimAzure({ now });
    const config = { url: azure.url, token: azure.token(), agentToken: azure.token(), runners };
    return {
      start: (parts, log) => startAzure(config, { log, fetch: azure.fetch }, parts),
      jobs: () => azure.jobs,
      connect(name, runner) {
        if (runner.kind !== "azure") throw new Error(`a runner of kind ${runner.kind}`);
        const capabilities = { "Agent.OS": "Darwin", ...runner.capabilities };
        const agent: SimAzureAgent | undefined = azure.register(name, runner.token, capabilities);
        if (!agent) return undefined;
        return {
          ask() {
            const job = azure.listen(agent);
            return job === "gone" ? "exit" : job;
          },
          finish: (job) => azure.finish(job, "succeeded"),
          leave: () => azure.leave(agent),
        };
      },
    };
  }, options);
  await world.until("the placeholder", () => azure.agents.length === runners.length);
  return { ...world, azure, job: azure.queue };
}

export type AzureWorld = Awaited<ReturnType<typeof startAzureWorld>>;
