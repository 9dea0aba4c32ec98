import type { AssignmentSet, Report, Welcome } from "@tartfleet/shared";
import { within } from "../clock.ts";
import { createDoorbell } from "../doorbell.ts";
import type { Instance } from "../reconcile/instance.ts";
import { isDue, NO_ORPHANS, watchOrphans } from "../reconcile/orphans.ts";
import { reconcile, track, type Seen } from "../reconcile/reconcile.ts";
import { retell } from "../reconcile/tell.ts";
import { createImageWorker, type ImageFailure } from "./image-work.ts";
import { createInstances } from "./instances.ts";
import { createLooker, type Look } from "./look.ts";
import { createOwnImages } from "./own-images.ts";
import type { HostParts } from "./ports.ts";
import { createPulls, type PullFact } from "./pulls.ts";
import { createRuns } from "./runs.ts";
import { createSlots } from "./slots.ts";
import { createWanted } from "./wanted.ts";
import { createWorkshop } from "./workshop.ts";

/** What a look made known, for those who describe the host to others. */
export interface HostView extends Look {
  instances: ReadonlyMap<string, Instance>;
  /** macOS slots taken by what the control plane did not ask for, seen or unseen. */
  phantomSlots: number;
  pulls: readonly PullFact[];
  imageFailures: readonly ImageFailure[];
  /** Names of the images that this agent fetched. */
  ownImages: ReadonlySet<string>;
}

/** The host's own loop: look, compare with what is wanted, carry out one step of each instance. */
export interface Host {
  /** Runs until the signal is aborted. Steps in progress are cut off then; VMs stay. */
  run(signal: AbortSignal): Promise<void>;
  /** The next look that is begun after this call; undefined when the signal was aborted. */
  freshView(signal: AbortSignal): Promise<HostView | undefined>;
  onWelcome(welcome: Welcome): void;
  onSet(set: AssignmentSet): void;
  onLost(): void;
}

interface Listeners {
  put(report: Report): void;
  onView(view: HostView): void;
}

const NOTHING_SEEN: Seen = { vms: new Map(), logs: new Set(), images: new Set() };

export function createHost(parts: HostParts, { put, onView }: Listeners): Host {
  const { clock, log, limits } = parts;
  const bell = createDoorbell();
  const wanted = createWanted();
  const instances = createInstances(parts.journal, log, put);
  const slots = createSlots(clock, log);
  const runs = createRuns((name) => {
    // Its guest will not answer any more.
    const step = workshop.busy().get(name);
    if (step === "reach_guest" || step === "provision") workshop.cutOff(name);
    bell.ring();
  });
  const own = createOwnImages(parts.pulledImages, log);
  const pulls = createPulls(parts.tart, clock, own.pulled);
  const imageWorker = createImageWorker({ tart: parts.tart, pulls, own, bell, log });
  const workshop = createWorkshop({ parts, instances, wanted, runs, slots, pulls, bell });
  const look = createLooker(parts, runs);
  let orphans = NO_ORPHANS;
  let looks = 0;
  let waiting: { after: number; resolve: (view: HostView) => void }[] = [];
  let isBlind = false;
  let isSwept = false;

  /** `known`: what the look knew to look for; what turned up meanwhile waits for the next one. */
  function decide(seen: Seen, known: ReadonlySet<string>): void {
    const now = clock.now();
    const assignments = wanted.assignments();
    instances.replaceAll(track(instances.all(), assignments, seen));
    slots.looked(seen, instances.all());
    const unwanted = [...instances.all().keys()].filter((name) => !wanted.find(name));
    orphans = watchOrphans(orphans, { logId: wanted.liveLog(), unwanted, now });
    const { steps, cutOff } = reconcile({
      wanted: assignments,
      seen,
      instances: instances.all(),
      busy: workshop.busy(),
      isDue: (name) => isDue(orphans, name, limits.orphanMs),
      now,
    });
    for (const name of cutOff) workshop.cutOff(name);
    for (const { name, step } of steps) {
      if (known.has(name)) workshop.start(name, step);
      else bell.ring();
    }
  }

  function publish(found: Look, number: number): void {
    // Before the first set nobody can say what was not asked for.
    const isAsked = (name: string) =>
      wanted.find(name) !== null || (wanted.assignments() === null && instances.get(name) !== undefined);
    const view = {
      ...found,
      instances: instances.all(),
      phantomSlots: slots.phantoms(isAsked),
      pulls: pulls.facts(),
      imageFailures: imageWorker.failures(),
      ownImages: own.among(found.images),
    };
    onView(view);
    const told = waiting.filter(({ after }) => after < number);
    waiting = waiting.filter(({ after }) => after >= number);
    for (const { resolve } of told) resolve(view);
  }

  async function lookOnce(): Promise<void> {
    looks += 1;
    const number = looks;
    workshop.lookBegins();
    const isListDue = imageWorker.needsList();
    imageWorker.lookBegins();
    // What is new among the assignments decides what has to be looked at.
    instances.replaceAll(track(instances.all(), wanted.assignments(), NOTHING_SEEN));
    const known = new Set(instances.all().keys());
    const found = await look(instances.all(), isListDue);
    if (found.ok === isBlind) {
      isBlind = !found.ok;
      if (found.ok) log.info({}, "the host's VMs can be listed again");
      else
        log.error(
          { why: found.failure.message },
          "the host's VMs cannot be listed; nothing is done until they can",
        );
    }
    if (!found.ok) return;
    // Before anything is begun, and once: what ends from now on is forgotten as it ends.
    if (!isSwept) await parts.tart.sweepRuns(new Set([...known, ...found.value.seen.vms.keys()]));
    isSwept = true;
    decide(found.value.seen, known);
    imageWorker.looked(found.value.images, {
      work: wanted.images(),
      assignments: wanted.assignments() ?? [],
      instanceDigests: [...instances.all().values()].flatMap(({ entry }) => entry.imageDigest ?? []),
      isVmPulling: [...workshop.busy().values()].includes("pull"),
    });
    publish(found.value, number);
  }

  /** A look is due now and then, and when some instance's pause is over. */
  function untilNextLook(): number {
    const now = clock.now();
    const pauses = [...instances.all().values()].map(({ memory }) => memory.retryAt - now);
    return Math.min(parts.timing.lookMs, ...pauses.filter((ms) => ms > 0));
  }

  return {
    async run(signal) {
      await Promise.all([instances.load(), own.load()]);
      while (!signal.aborted) {
        await lookOnce();
        await within(clock, untilNextLook(), signal, (limit) => bell.rung(limit));
      }
      await Promise.all([workshop.close(), imageWorker.close()]);
    },
    freshView(signal) {
      return new Promise((resolve) => {
        if (signal.aborted) return resolve(undefined);
        waiting.push({ after: looks, resolve });
        signal.addEventListener("abort", () => resolve(undefined), { once: true });
        bell.ring();
      });
    },
    onWelcome(welcome) {
      wanted.welcome(welcome);
      for (const instance of instances.all().values()) for (const report of retell(instance)) put(report);
    },
    onSet(set) {
      wanted.set(set);
      bell.ring();
    },
    onLost: () => wanted.lost(),
  };
}
