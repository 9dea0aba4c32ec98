import type { Registry } from "prom-client";
import { CallError, DEFAULT_TEAM, type Runner } from "@tartfleet/shared";
import packageJson from "../../package.json" with { type: "json" };
import { capacityOf } from "../domain/capacity.ts";
import { listImages } from "../domain/images.ts";
import { imageOf, type Vm } from "../domain/vm.ts";
import type { Database } from "../store/database.ts";
import { passesByItself } from "../store/faults.ts";
import { makeStore } from "../store/store.ts";
import { ownAct } from "./acts.ts";
import { makeAccounts } from "./accounts.ts";
import { makeAgentUseCases } from "./agents.ts";
import { makeBoard } from "./board.ts";
import { makeChanges } from "./changes.ts";
import { makeSuspicions, startBreaker } from "./breaker.ts";
import { startChannels } from "./channels.ts";
import { makeEndForCi } from "./ci-ends.ts";
import { makeCordons } from "./cordons.ts";
import type { Clock } from "./clock.ts";
import { budgetsOf, policyOf, type EngineConfig } from "./config.ts";
import { startDeadlines } from "./deadlines.ts";
import { makeHearing } from "./hearing.ts";
import { startHolds } from "./holds.ts";
import { startHistory } from "./history.ts";
import { makeExplain } from "./explain.ts";
import { makeFleetView } from "./fleet-view.ts";
import { learnBudgets } from "./learned-budgets.ts";
import { startImagePlans } from "./image-plans.ts";
import { startImagePrune } from "./image-prune.ts";
import type { Identity } from "./identity.ts";
import type { Integrate, Integration, TakeWebhook } from "./integration.ts";
import { startLastHour } from "./last-hour.ts";
import { makeLeases } from "./leases.ts";
import { startMetrics } from "./metrics/metrics.ts";
import type { Parts } from "./parts.ts";
import { makePast } from "./past.ts";
import { makePatience } from "./patience.ts";
import { makePools } from "./pools.ts";
import { makeQueuePage } from "./queue-page.ts";
import { isoOf, makeRecords } from "./records.ts";
import { makeRefusals } from "./refusals.ts";
import { startRetention } from "./retention.ts";
import { startRollup } from "./rollup.ts";
import { roomFor } from "./room.ts";
import { startScheduler } from "./scheduler.ts";
import { makeSealer } from "./secrets.ts";
import { every, watchStalls } from "./stalls.ts";
import { makeStanding } from "./standing.ts";
import { makeTopics, topicsOf } from "./topics.ts";
import { startTags } from "./tags.ts";
import { makeTeamUseCases } from "./teams.ts";
import { makeTokenUseCases } from "./tokens.ts";
import { traceVms, type Tracer } from "./traces.ts";
import { makeTunnels } from "./tunnels.ts";
import type { UseCases } from "./use-cases.ts";
import { makeVmUseCases } from "./vms.ts";
import { makePost } from "../outgoing/post.ts";
import type { Post } from "./webhooks/post.ts";
import { startWebhooks } from "./webhooks/webhooks.ts";

/** What the control plane is made from. */
export interface Ingredients {
  database: Database;
  /** Key of 32 bytes for what is sealed in the database. */
  key: Buffer;
  config: EngineConfig;
  identity?: Identity | undefined;
  /** Where traces go; without it none are made. */
  tracer?: Tracer | undefined;
  clock: Clock;
  randomId(length: number): string;
  /** A bug or a broken disk; the control plane cannot go on as if nothing had happened. */
  onFatal(error: unknown): void;
  /** How the store is made on the database; a simulation has its own way. */
  openStore?: typeof makeStore | undefined;
  /** How webhooks are told; a test has its own way. */
  post?: Post | undefined;
  /** Starts what serves a CI system by itself; without it there is none. */
  integrate?: Integrate | undefined;
}

/** A running control plane without its HTTP face. */
export interface ControlPlane {
  useCases: UseCases;
  /** What `/metrics` shows; the program and its HTTP face add theirs. */
  registry: Registry;
  takeWebhook?: TakeWebhook | undefined;
  /** Stops timers and scheduling and closes the database. VMs are not touched. */
  close(): void;
}

/** A shorter stall does not matter to anyone. */
const LEAST_STALL_MS = 1000;
/** How exactly it is known after a restart whether the clock was set back. */
const NOTE_MS = 60_000;

/** Puts the moving parts together and starts them. */
export async function startControlPlane({
  database,
  key,
  config,
  identity = {},
  tracer,
  clock: machineClock,
  randomId,
  onFatal,
  openStore = makeStore,
  post = makePost(config.webhookAllowPrivate),
  integrate,
}: Ingredients): Promise<ControlPlane> {
  const leaseMs = config.leaseSeconds * 1000;
  const stalls = watchStalls(machineClock, Math.max(LEAST_STALL_MS, leaseMs / 10));
  const { clock } = stalls;
  const changes = makeChanges();
  const store = openStore(database, {
    after: clock.after,
    onBroken: onFatal,
    onActs: (actions) => actions.flatMap(topicsOf).forEach(changes.topicChanged),
  });
  // Agents come back and tell what happened while nobody listened; no clock runs out before. What a host was
  // bringing up may have been done meanwhile: it is given up when the host is, not for the time that passed.
  const givenUpMs = leaseMs + config.silentGraceSeconds * 1000;
  const awaitAgents = (lostMs = 0) =>
    store.extendBudgets(clock.now() + leaseMs, clock.now() + givenUpMs, lostMs);
  const sealer = makeSealer(key);
  const [stoppedAt] = await Promise.all([
    store.beginAt(clock.now()),
    store.beginWithKey(sealer.hash("check")),
    store.continueAudit(clock.now()),
    awaitAgents(),
  ]);
  const knownHosts = store.hosts().map(({ id }) => id);
  const hearing = makeHearing(clock, 3 * config.heartbeatSeconds * 1000, knownHosts, stoppedAt);
  const history = startHistory(store, changes);
  const context: Parts["context"] = () => ({
    now: clock.now(),
    budgets: budgetsOf(config),
    budgetOf: learnBudgets(history, budgetsOf(config)),
    gapOf: hearing.gapOf,
    accountLabels: config.accountLabel,
    poolFor: (vm) => pools.poolFor(vm),
  });
  const patience = makePatience(clock, onFatal);

  const leases = makeLeases(clock, config, knownHosts, {
    onSilent(hostId, lastSeenAt) {
      changes.hostRoomChanged(hostId);
      patience.keepTrying(() => recordSilence(hostId, lastSeenAt));
    },
    onGivenUp(hostId) {
      changes.hostRoomChanged(hostId);
      giveUpBringUps(hostId).catch((error: unknown) => {
        // A store that takes nothing lets nobody sign in either: the host may be at the door.
        if (passesByItself(error)) leases.waitOn(hostId);
        else onFatal(error);
      });
    },
  });
  changes.onHostReturned((hostId) =>
    patience.keepTrying(() =>
      store.recordAct(ownAct("host.returned", store.hostName(hostId), {}), clock.now()),
    ),
  );
  async function recordSilence(hostId: number, lastSeenAt: number): Promise<void> {
    const act = ownAct("host.silent", store.hostName(hostId), { lastSeenAt: isoOf(lastSeenAt) });
    await store.recordSilence(hostId, lastSeenAt, act, clock.now());
  }
  async function giveUpBringUps(hostId: number): Promise<void> {
    const hostName = store.hostName(hostId);
    await Promise.all(
      store.bringUpsOn(hostId).map(async ({ vmId, attempt }) => {
        changes.publish(await store.applyEvent(vmId, { kind: "host_silent", attempt, hostName }, context()));
      }),
    );
  }
  const records = makeRecords(store, leases, packageJson.version);
  const refusals = makeRefusals({ store, clock, patience });
  const suspicions = makeSuspicions();
  const fleet = makeFleetView({
    store,
    leases,
    suspicions,
    clock,
    policy: policyOf(config, store.shares()),
    layout: config.layout,
  });
  const standing = makeStanding({ leases, store, fleet, history, changes, clock, config });
  const parts: Parts = {
    store,
    changes,
    leases,
    hearing,
    history,
    fleet,
    standing,
    records,
    refusals,
    sealer,
    clock,
    config,
    identity,
    tracer,
    randomId,
    context,
  };

  const imagePlans = startImagePlans(parts, patience);
  const byDigest = (image: string) => imageOf({ spec: { image }, resolution: tags.lastKnown(image) });
  const channels = startChannels(parts, patience, imagePlans, byDigest);
  const tags = startTags(parts, patience);
  const pools = makePools(parts, { imageOf: channels.imageOf, lastKnown: tags.lastKnown });
  const scheduler = startScheduler({ store, fleet, pools, changes, patience, clock, context });
  const retention = startRetention({ ...config, store, clock, patience });
  const deadlines = startDeadlines({ store, changes, clock, patience, context, putOff: awaitAgents });
  const notes = every(clock, NOTE_MS, () => patience.keepTrying(() => store.noteTime(clock.now())));
  // What agents and guests said meanwhile waits in the sockets: it is heard before anything is given up.
  stalls.onStall((from) => {
    hearing.stalled(from);
    leases.renewAll();
    const lostMs = clock.now() - from;
    patience.keepTrying(() => awaitAgents(lostMs).then(deadlines.changed));
  });

  const cordons = makeCordons(parts, patience);
  const breaker = startBreaker(parts, { suspicions, patience, cordonsChanged: cordons.changed });

  const imagePrune = startImagePrune(parts, patience, {
    plannedOn: imagePlans.wantedOn,
    wantedAnywhere: () => [...channels.images(), ...pools.images()],
    byDigest,
  });
  const imageWorkOf = (hostId: number) => ({
    pull: imagePlans.pullsOf(hostId),
    remove: imagePrune.removalsOf(hostId),
  });

  const stopTraces = tracer && traceVms(tracer, parts);
  const webhooks = startWebhooks(parts, patience, post);
  const metrics = startMetrics(parts, {
    version: packageJson.version,
    reserve: database.reserve,
    listPools: pools.useCases.listPools,
  });

  const lastHour = startLastHour(changes, clock);
  const explainVm = makeExplain(parts, tags);
  const past = makePast(parts);
  const tunnels = makeTunnels(parts, patience);
  const accounts = makeAccounts(parts, patience);
  const rollup = startRollup(parts, patience, accounts.sample);
  const holds = startHolds(parts, patience);

  let integration: Integration | undefined;
  async function runnerOf(vm: Vm): Promise<Runner> {
    if (integration) return integration.runnerOf(vm);
    const message = `VM ${vm.id} was asked for by an integration that is not configured any more.`;
    throw new CallError("ci_unavailable", message);
  }

  const useCases: UseCases = {
    ...makeVmUseCases(parts, channels.choice, tags),
    ...channels.useCases,
    ...imagePlans.useCases,
    ...pools.useCases,
    ...imagePrune.useCases,
    ...makeTokenUseCases(parts, onFatal),
    ...makeTeamUseCases(parts, fleet),
    ...cordons.useCases,
    ...tunnels.useCases,
    ...holds.useCases,
    agent: makeAgentUseCases(parts, breaker, imageWorkOf, tags, tunnels.wishesOf, runnerOf),
    ...webhooks.useCases,
    listImages: () =>
      listImages(
        store.hosts().map(({ id, name, facts }) => ({
          name,
          images: facts?.images ?? [],
          pulls: leases.isConnected(id) ? (facts?.pulls ?? []) : [],
        })),
        past.timesOf,
      ),
    listAttempts: past.listAttempts,
    listHosts: () => store.hosts().map(records.hostRecord),
    getHost: records.hostNamed,
    noteRefusal: refusals.note,
    noteStranger: refusals.noteStranger,
    auditPage(query) {
      const records = store.auditRows(query);
      return { records, next: records.length < query.limit ? null : (records.at(-1)?.seq ?? null) };
    },
    capacity(query, team = DEFAULT_TEAM) {
      const counts = capacityOf(store.hosts().map(records.occupancy), store.liveImages());
      const asks = query && Object.values(query).some((value) => value !== undefined);
      return asks ? { room: roomFor(standing, query, team, tags.lastKnown), ...counts } : counts;
    },
    metrics: metrics.text,
    explainVm,
    queuePage: makeQueuePage(parts, explainVm),
    ...makeBoard({ ...parts, lastHour }),
    ...makeTopics(changes, clock),
    history: rollup.history,
    slotReport: accounts.slotReport,
  };

  integration = integrate?.({
    ...parts,
    patience,
    registry: metrics.registry,
    useCases,
    endForCi: makeEndForCi(parts),
    publicUrl: config.publicUrl,
    startNow: (query, team) => roomFor(standing, query, team, tags.lastKnown).startNow,
  });

  return {
    useCases,
    registry: metrics.registry,
    takeWebhook: integration?.takeWebhook,
    close() {
      integration?.stop();
      webhooks.stop();
      metrics.stop();
      stopTraces?.();
      rollup.stop();
      patience.stop();
      scheduler.stop();
      holds.stop();
      cordons.stop();
      breaker.stop();
      channels.stop();
      imagePlans.stop();
      tags.stop();
      pools.stop();
      imagePrune.stop();
      deadlines.stop();
      retention.stop();
      history.stop();
      lastHour.stop();
      leases.stop();
      notes.stop();
      stalls.stop();
      refusals.stop();
      database.close();
    },
  };
}
