import {
  CallError,
  canonicalImage,
  type HostFacts,
  type ImageWork,
  type PrunedHost,
} from "@tartfleet/shared";
import { decidePrune, namesOf, needsOf, type NeedOf, type PrunableImage } from "../domain/images/prune.ts";
import { imageOf } from "../domain/vm.ts";
import type { StoredHost } from "../store/host-rows.ts";
import { actOf, ownAct } from "./acts.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";
import type { UseCases } from "./use-cases.ts";

type PruneUseCases = Pick<UseCases, "pruneImages">;

/** What a host is to remove, for as long as nobody needs it. */
interface Removal {
  images: PrunableImage[];
  grant: number;
}

interface Options {
  untilPercent: number;
  alsoForeign: boolean;
}

/** After a look at a full disk that found nothing to remove, or a removal that failed. */
const PAUSE_MS = 60_000;
/** How much of what is removed is named in the audit log. */
const NAMED = 10;

/**
 * Makes room on hosts whose disk is nearly full, or when a person asks for it. What is to go is named to the agent
 * until it is gone, or until somebody needs it after all. In memory: after a restart it is decided anew.
 *
 * @param options.plannedOn the images that plans and pins want on a host, with why
 * @param options.wantedAnywhere images that are wanted by more than VMs, with why
 */
export function startImagePrune(
  { store, leases, changes, clock, config }: Pick<Parts, "store" | "leases" | "changes" | "clock" | "config">,
  patience: Patience,
  {
    plannedOn,
    wantedAnywhere,
    byDigest,
  }: {
    plannedOn(host: StoredHost): [reference: string, why: string][];
    wantedAnywhere(): [reference: string, why: string][];
    /** An image by the digest that its tag was last learned to stand for. */
    byDigest(image: string): string;
  },
) {
  const removals = new Map<number, Removal>();
  const pausedUntil = new Map<number, number>();
  let lastGrant = 0;

  function needOn(host: StoredHost): NeedOf {
    const queued = [...store.queuedImages()].map((image) => [image, "a VM in the queue wants it"] as const);
    const running = host.occupants.flatMap((vm) =>
      [vm.spec.image, imageOf(vm)].map((image) => [image, "a VM of this host has it"] as const),
    );
    const pulls = (host.facts?.pulls ?? []).map(
      ({ reference }) => [reference, "the host fetches it now"] as const,
    );
    const asked = [...wantedAnywhere(), ...plannedOn(host)];
    // VMs run by digest what is asked for by tag, and hosts then have it under no other name.
    const digests = asked.map(([image, why]) => [byDigest(canonicalImage(image) ?? image), why] as const);
    return needsOf([...asked, ...digests, ...queued, ...pulls, ...running]);
  }

  function decide(host: StoredHost, facts: HostFacts, { untilPercent, alsoForeign }: Options) {
    return decidePrune({
      images: facts.images,
      freeGiB: facts.diskFreeGiB,
      untilGiB: (facts.diskTotalGiB * untilPercent) / 100,
      needOf: needOn(host),
      alsoForeign,
    });
  }

  /** The facts of a host that can be told what to remove. */
  function factsOf(host: StoredHost | undefined): HostFacts | undefined {
    if (!host || !leases.isConnected(host.id) || host.facts?.imageFailures === undefined) return undefined;
    return host.facts;
  }

  function start(hostId: number, images: PrunableImage[]): void {
    lastGrant = Math.max(lastGrant + 1, clock.now());
    removals.set(hostId, { images, grant: lastGrant });
    changes.hostChanged(hostId);
  }

  function hostChanged(hostId: number): void {
    const isPruned = removals.has(hostId);
    if (!isPruned && (config.pruneBelowPercent === 0 || (pausedUntil.get(hostId) ?? 0) > clock.now())) return;
    const host = store.hostById(hostId);
    const facts = factsOf(host);
    if (!host || !facts) return void removals.delete(hostId);
    if (isPruned && !isOver(host, facts)) return;
    if (facts.diskFreeGiB >= (facts.diskTotalGiB * config.pruneBelowPercent) / 100) return;
    const { remove } = decide(host, facts, { untilPercent: config.pruneUntilPercent, alsoForeign: false });
    if (remove.length === 0) return void pausedUntil.set(hostId, clock.now() + PAUSE_MS);
    start(hostId, remove);
    const details = { ...summary(remove), freeGiB: facts.diskFreeGiB, ofGiB: facts.diskTotalGiB };
    patience.keepTrying(() => store.recordAct(ownAct("image.pruned", host.name, details), clock.now()));
  }

  /** Takes away what is gone, has failed or is needed after all; true when nothing is left to remove. */
  function isOver(host: StoredHost, facts: HostFacts): boolean {
    const removal = removals.get(host.id);
    if (!removal) return true;
    const failed = new Set(
      (facts.imageFailures ?? []).flatMap(({ grant, reference }) =>
        grant === removal.grant ? [reference] : [],
      ),
    );
    if (failed.size > 0) pausedUntil.set(host.id, clock.now() + PAUSE_MS);
    const listed = new Map(facts.images.map(({ reference, digest }) => [reference, digest]));
    const needOf = needOn(host);
    const left = removal.images
      .filter((image) => namesOf(image).every((name) => needOf(name) === undefined))
      .map((image) => ({
        ...image,
        references: image.references.filter(
          (name) => listed.has(name) && listed.get(name) === image.digest && !failed.has(name),
        ),
      }))
      .filter(({ references }) => references.length > 0);
    const before = JSON.stringify(removal.images);
    if (left.length === 0) removals.delete(host.id);
    else removal.images = left;
    if (JSON.stringify(left) !== before) changes.hostChanged(host.id);
    return left.length === 0 && failed.size === 0;
  }

  /** Somebody may need what is about to go. There are few hosts at once that remove something. */
  function needsChanged(): void {
    for (const hostId of removals.keys()) hostChanged(hostId);
  }

  const useCases: PruneUseCases = {
    async pruneImages(caller, { host: only, dryRun, untilFreePercent, foreign }) {
      const hosts = only === undefined ? store.hosts() : [store.host(only)];
      if (hosts.includes(undefined)) throw new CallError("host_not_found", `There is no host named ${only}.`);
      const options = { untilPercent: untilFreePercent ?? config.pruneUntilPercent, alsoForeign: foreign };
      const pruned = hosts.flatMap((host) => {
        const facts = factsOf(host);
        return host && facts ? [{ host, facts, ...decide(host, facts, options) }] : [];
      });
      const acted = pruned.filter(({ remove }) => remove.length > 0);
      if (!dryRun && acted.length > 0) {
        const details = {
          hosts: acted.length,
          ...summary(acted.flatMap(({ remove }) => remove)),
          untilFreePercent: options.untilPercent,
          foreign,
        };
        await store.recordAct(actOf(caller, "image.prune", only ?? "all hosts", details), clock.now());
        for (const { host, remove } of acted) start(host.id, remove);
        needsChanged();
      }
      return pruned.map(({ host, facts, remove, keep, freeGiB }) =>
        recordOf(host.name, facts, { remove, keep, freeGiB }),
      );
    },
  };

  const unsubscribes = [
    changes.onHostRoom(hostChanged),
    changes.onApplied(({ vm, hosts }) => {
      if (removals.size === 0) return;
      if (vm.state === "queued") needsChanged();
      for (const hostId of hosts) hostChanged(hostId);
    }),
    changes.onImageNeeds(needsChanged),
  ];
  return {
    useCases,
    removalsOf(hostId: number): ImageWork["remove"] {
      const removal = removals.get(hostId);
      return (removal?.images ?? []).flatMap(({ references, digest }) =>
        references.map((reference) => ({
          reference,
          grant: removal?.grant ?? 0,
          ...(digest === undefined ? {} : { digest }),
        })),
      );
    },
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe();
    },
  };
}

function summary(images: readonly PrunableImage[]) {
  const names = images.flatMap(({ references }) => references[0] ?? []);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return {
    images: `${names.slice(0, NAMED).join(" ")}${more}`,
    freesGiB: Math.round(images.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)),
  };
}

function recordOf(
  host: string,
  { diskFreeGiB, diskTotalGiB }: HostFacts,
  { remove, keep, freeGiB }: ReturnType<typeof decidePrune>,
): PrunedHost {
  const shown = ({ references, digest, sizeGiB, lastUsedAt }: PrunableImage) => ({
    references,
    digest: digest ?? null,
    sizeGiB,
    lastUsedAt: lastUsedAt ?? null,
  });
  return {
    host,
    diskFreeGiB,
    diskTotalGiB,
    willBeFreeGiB: Math.floor(freeGiB),
    remove: remove.map(shown),
    keep: keep.map((image) => ({ ...shown(image), why: image.why })),
  };
}
