import { makeSimCircleci, type SimTask } from "@tartfleet/ci-sim/circleci";
import type { CircleciDefinition } from "../../src/integrations/circleci/config.ts";
import { startCircleci } from "../../src/integrations/circleci/circleci.ts";
import { startPolledWorld, type Course } from "./polled-world.ts";

/** CircleCI, and a control plane that serves one of its resource classes. */
export async function startCircleciWorld({
  definition = {},
  ...options
}: {
  definition?: Partial<CircleciDefinition>;
  hosts?: number;
  courses?: Record<string, Course>;
  mutes?: number;
} = {}) {
  let circleci!: ReturnType<typeof makeSimCircleci>;
  const world = await startPolledWorld<SimTask>((now) => {
    circleci = makeSimCircleci({ now });
    const runner: CircleciDefinition = {
      name: "ios",
      resourceClass: circleci.resourceClass,
      tokenFile: circleci.classToken,
      image: "ghcr.io/org/image:1",
      os: "macos",
      hostLabels: {},
      min: 0,
      max: 10,
      idleSeconds: 600,
      ...definition,
    };
    const config = { url: circleci.url, token: circleci.token(), runners: [runner] };
    return {
      start: (parts, log) => startCircleci(config, { log, fetch: circleci.fetch }, parts),
      jobs: () => circleci.tasks,
      connect(name, given, clock) {
        if (given.kind !== "circleci") throw new Error(`a runner of kind ${given.kind}`);
        if (circleci.claim(name, "probe") !== false) throw new Error("any token is taken");
        if (given.token !== circleci.classToken) return undefined;
        const givesUpAt = clock() + given.idleTimeoutSeconds * 1000;
        return {
          ask() {
            const task = circleci.claim(name, given.token);
            if (task) return task;
            return clock() >= givesUpAt ? "exit" : undefined;
          },
          beat: circleci.beat,
          finish: (task) => circleci.finish(task, "success"),
          leave: () => {},
        };
      },
    };
  }, options);
  return { ...world, circleci, job: circleci.queue };
}

export type CircleciWorld = Awaited<ReturnType<typeof startCircleciWorld>>;
