import { CallError, Secret } from "@tartfleet/shared";
import { z } from "zod";
import { connectedVms, outstayed, workingVms, type ClassCount } from "../../domain/circleci/tasks.ts";
import { mismatches } from "../../domain/github/sweep.ts";
import { vmRegisteredAs } from "../../domain/registered-name.ts";
import type { Vm } from "../../domain/vm.ts";
import type { Integration, IntegrationParts } from "../../engine/integration.ts";
import { makeCiApi, type CiApi, type Fetch } from "../ci-api.ts";
import type { Opened } from "../compose.ts";
import { watchExits } from "../exits.ts";
import type { CiLog } from "../log.ts";
import { measureCi } from "../metrics.ts";
import { startPlanner } from "../planner.ts";
import { startPoll, type Answer } from "../poll.ts";
import { startSweeping, type Looked } from "../sweeping.ts";
import { CLOUD, readCircleciConfig, type CircleciConfig } from "./config.ts";

/** @throws CiConfigError */
export function openCircleci(path: string, log: CiLog): Opened {
  const config = readCircleciConfig(path);
  return { definitions: config.runners, integrate: (parts) => startCircleci(config, { log }, parts) };
}

/** By the self-hosted runner API (circleci.com/docs/runner-api). */
async function countTasks({ call }: CiApi, resourceClass: string): Promise<ClassCount> {
  const query = `resource-class=${encodeURIComponent(resourceClass)}`;
  // In this order: a task that is claimed in between is counted nowhere, rather than twice.
  const running = await call(
    `GET /api/v3/runner/tasks/running?${query}`,
    z.object({ running_runner_tasks: z.int().min(0) }),
  );
  const unclaimed = await call(
    `GET /api/v3/runner/tasks?${query}`,
    z.object({ unclaimed_task_count: z.int().min(0) }),
  );
  const { items } = await call(
    `GET /api/v3/runner?${query}`,
    z.object({ items: z.array(z.object({ name: z.string() })) }),
  );
  return {
    running: running.running_runner_tasks,
    unclaimed: unclaimed.unclaimed_task_count,
    runners: items.map(({ name }) => name),
  };
}

/** Serves CircleCI: the tasks of resource classes are counted, and VMs with machine runners are asked for. */
export function startCircleci(
  { url, token, runners }: CircleciConfig,
  { log, fetch = globalThis.fetch }: { log: CiLog; fetch?: Fetch },
  parts: IntegrationParts,
): Integration {
  const { store, clock, registry } = parts;
  const headers = { "circle-token": token };
  const api = makeCiApi("CircleCI", { url, headers, fetch, now: clock.now });
  const metrics = measureCi(registry, "circleci");
  const names = runners.map(({ name }) => name);

  async function ask(): Promise<Answer<ReadonlyMap<string, ClassCount>>> {
    const said = new Map<string, ClassCount>();
    for (const { name, resourceClass } of runners) said.set(name, await countTasks(api, resourceClass));
    return { said };
  }

  const poll = startPoll(ask, {
    title: "CircleCI",
    runners: names,
    clock,
    log,
    onTried(ok) {
      for (const name of names) metrics.polled(name, ok);
      const heard = poll.heard();
      if (heard) {
        for (const [name, { unclaimed, running }] of heard.said)
          metrics.counted(name, { waiting: unclaimed, running });
        const connected = connectedVms([...heard.said.values()].flatMap((count) => count.runners));
        exits.judge(store.askedVms("circleci"), (id) => connected.has(id), heard.askedAt);
      }
      planner.wake();
    },
  });
  const planner = startPlanner(
    {
      kind: "circleci",
      definitions: runners,
      demand(vms) {
        const heard = poll.heard();
        const working = new Set(
          runners.flatMap(({ name }) => [
            ...workingVms(ofDefinition(vms, name), heard?.said.get(name)?.running ?? 0),
          ]),
        );
        return {
          waiting: (name) => heard?.said.get(name)?.unclaimed,
          taken: exits.taken,
          told: ({ id }) => (working.has(id) ? "running" : undefined),
        };
      },
      isReachable: () => poll.heard() !== undefined,
      onAsked: metrics.asked,
    },
    { ...parts, log },
  );

  const exits = watchExits("circleci", { ...parts, planner });

  /** There are no ghosts: CircleCI forgets runners that do not come any more by itself, and has no way to remove one. */
  function look(): Promise<Looked | undefined> {
    const heard = poll.heard();
    if (!heard) return Promise.resolve(undefined);
    const now = clock.now();
    const vms = store.askedVms("circleci").filter(({ end }) => end === null);
    const looked: Looked = { ghosts: [], mutes: [], over: [] };
    for (const { name, idleSeconds } of runners) {
      const { running = 0, runners: listed = [] } = heard.said.get(name) ?? {};
      const own = ofDefinition(vms, name);
      looked.over.push(...outstayed(own, { running, idleMs: idleSeconds * 1000, now }));
      // Nobody says which VM has a running task, so that while there is one each may have it.
      if (running > 0) continue;
      const { mutes } = mismatches(
        listed.map((runner) => ({ name: runner })),
        own,
        { ended: () => false, atWork: new Set(), now, vmOf: vmRegisteredAs },
      );
      const why = "Its runner was started, and CircleCI has not listed it for five minutes.";
      looked.mutes.push(...own.filter(({ id }) => mutes.includes(id)).map((vm) => ({ vm, why })));
    }
    return Promise.resolve(looked);
  }

  const sweeping = startSweeping({ kind: "circleci", system: "CircleCI", look }, { ...parts, log, metrics });

  return {
    async runnerOf({ id, spec }) {
      const definition = runners.find(({ name }) => name === spec.runnerFrom);
      const isHeard = poll.heard() !== undefined;
      metrics.made(spec.runnerFrom ?? "", isHeard);
      if (!definition || !isHeard)
        throw new CallError(
          "ci_unavailable",
          `CircleCI cannot be asked now, so VM ${id} gets no runner yet.`,
        );
      return {
        kind: "circleci",
        token: new Secret(definition.tokenFile),
        ...(url === CLOUD ? {} : { url }),
        idleTimeoutSeconds: definition.idleSeconds,
      };
    },
    stop() {
      poll.stop();
      exits.stop();
      planner.stop();
      sweeping.stop();
    },
  };
}

const ofDefinition = (vms: readonly Vm[], name: string): Vm[] =>
  vms.filter(({ spec }) => spec.runnerFrom === name);
