import { waitingJobs } from "../../domain/github/waiting.ts";
import type { Integration, IntegrationParts } from "../../engine/integration.ts";
import { makeActionsService, type ActionsService } from "./actions-service.ts";
import { makeApi, type Fetch } from "./api.ts";
import type { Opened } from "../compose.ts";
import type { CiLog } from "../log.ts";
import { startPlanner } from "../planner.ts";
import { labelsOf, readGithubConfig, scopePath, type GithubConfig, type RunnerDefinition } from "./config.ts";
import { startGroups } from "./groups.ts";
import { startListener, type Listener } from "./listener.ts";
import { measureGithub } from "./metrics.ts";
import { makeMinter } from "./minter.ts";
import { startPuller } from "./puller.ts";
import { startReporter } from "./reporter.ts";
import { makeRoom } from "./room.ts";
import { startSweeper } from "./sweeper.ts";
import { makeIntake } from "./webhook.ts";

/** @throws CiConfigError */
export function openGithub(path: string, log: CiLog): Opened {
  const config = readGithubConfig(path);
  return { definitions: config.runners, integrate: (parts) => startGithub(config, { log }, parts) };
}

/**
 * Serves GitHub Actions: each scale set is listened to, VMs are asked for as jobs wait, and their runners' credentials
 * are made when their guests are ready.
 *
 * @param fetch how GitHub is reached; a test has its own way
 */
export function startGithub(
  config: GithubConfig,
  { log, fetch = globalThis.fetch }: { log: CiLog; fetch?: Fetch },
  parts: IntegrationParts,
): Integration {
  const { store, clock, registry } = parts;
  const { runners } = config;
  const api = makeApi(config, fetch, clock.now);
  const services = new Map<string, ActionsService>();
  const listeners = new Map<string, Listener>();
  const statisticsOf = (name: string) => listeners.get(name)?.statistics();
  const metrics = measureGithub(registry, {
    left: api.left,
    waiting() {
      const ofLedger = store.waitingGithubJobs();
      return runners.map(({ name }) => [name, waitingJobs(ofLedger.get(name) ?? 0, statisticsOf(name))]);
    },
    welcome: () =>
      runners.flatMap(({ name }) => {
        const told = listeners.get(name)?.welcome();
        return told === undefined ? [] : [[name, told] as const];
      }),
  });

  const welcomeTo = makeRoom(parts, statisticsOf);

  function serviceOf({ scope }: RunnerDefinition): ActionsService {
    const key = scopePath(scope);
    const service =
      services.get(key) ?? makeActionsService({ url: config.url, scope }, { api, fetch, now: clock.now });
    services.set(key, service);
    return service;
  }

  const groups = startGroups(runners, { api, clock, log });
  const planner = startPlanner(
    {
      kind: "github",
      definitions: runners,
      demand(vms) {
        const jobs = store.githubJobsOf(vms.map(({ id }) => id));
        const ofLedger = store.waitingGithubJobs();
        return {
          waiting: (name) => waitingJobs(ofLedger.get(name) ?? 0, statisticsOf(name)),
          told: ({ id }) => jobs.get(id)?.state,
        };
      },
      isReachable: (name) =>
        listeners.get(name)?.isHeard() ?? (api.isAnswering() && groups.idOf(name) !== undefined),
      onAsked: metrics.asked,
    },
    { ...parts, log },
  );
  for (const definition of runners.filter(({ mode }) => mode === "scale-set")) {
    const { name } = definition;
    const listener = startListener(definition, {
      service: serviceOf(definition),
      store,
      clock,
      log,
      jobsWelcome: () => welcomeTo(definition),
      owner: `tartfleet-${store.logId.slice(0, 8)}`,
      onNews: planner.wake,
      onTried: (ok) => metrics.polled(name, ok),
    });
    listeners.set(name, listener);
  }
  const sweeper = startSweeper(runners, {
    ...parts,
    api,
    log,
    onNews: planner.wake,
    onFound: metrics.found,
    onForced: metrics.forced,
    onRemoved: metrics.removed,
  });

  const reporter = startReporter(runners, { ...parts, api, log, onReported: metrics.reported });

  const offers = runners
    .filter(({ mode }) => mode === "webhook")
    .map((definition) => ({ ...definition, labels: labelsOf(definition) }));
  const intake =
    config.webhookSecret === undefined
      ? undefined
      : makeIntake({ secret: config.webhookSecret, offers }, { store, clock, onNews: planner.wake });
  const puller =
    intake && config.auth.kind === "app"
      ? startPuller({ api, store, clock, log, take: intake.take })
      : undefined;

  return {
    takeWebhook: intake?.receive,
    runnerOf: makeMinter(runners, {
      api,
      groups,
      serviceOf,
      listenerOf: (name) => listeners.get(name),
      randomId: parts.randomId,
      onMinted: metrics.minted,
    }),
    stop() {
      planner.stop();
      sweeper.stop();
      groups.stop();
      reporter.stop();
      puller?.stop();
      for (const listener of listeners.values()) listener.stop();
    },
  };
}
