import { Secret } from "@tartfleet/shared";
import packageJson from "../../../package.json" with { type: "json" };
import type { Integration, IntegrationParts } from "../../engine/integration.ts";
import type { Opened } from "../compose.ts";
import type { CiLog } from "../log.ts";
import { startPolled } from "../polled.ts";
import { countQueues, type Fetch } from "./api.ts";
import { DEFAULT_URL, readBuildkiteConfig, type BuildkiteConfig } from "./config.ts";

/** @throws CiConfigError */
export function openBuildkite(path: string, log: CiLog): Opened {
  const config = readBuildkiteConfig(path);
  return { definitions: config.runners, integrate: (parts) => startBuildkite(config, { log }, parts) };
}

/**
 * Serves Buildkite: the queues of each token's cluster are counted, and each VM runs an agent for one job.
 *
 * @param fetch how Buildkite is reached; a test has its own way
 */
export function startBuildkite(
  { url, runners }: BuildkiteConfig,
  { log, fetch = globalThis.fetch }: { log: CiLog; fetch?: Fetch },
  parts: IntegrationParts,
): Integration {
  const clusters = Map.groupBy(runners, ({ token }) => token);
  return startPolled(
    {
      kind: "buildkite",
      title: "Buildkite",
      sources: [...clusters].map(([token, definitions]) => ({
        definitions,
        count: (signal) =>
          countQueues({ url, token, definitions }, { fetch, signal, version: packageJson.version }),
      })),
      runnerOf: (_vm, { token, queue, idleSeconds }) => ({
        kind: "buildkite",
        token: new Secret(token),
        queue,
        idleTimeoutSeconds: idleSeconds,
        ...(url === DEFAULT_URL ? {} : { endpoint: url }),
      }),
    },
    { log },
    parts,
  );
}
