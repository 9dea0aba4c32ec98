import type { HostFacts, ImageWork } from "@tartfleet/shared";
import { failedAgain, isMeant, standingOf, type PullFailure, type Standing } from "../domain/images/plan.ts";
import type { ImagePlan, PlanHost } from "../domain/images/plan.ts";
import { nextPulls, registryOf, type Candidate } from "../domain/images/pull-order.ts";
import type { HostRoom } from "../domain/scheduling/host-room.ts";
import type { StoredHost } from "../store/host-rows.ts";
import { labelsOf, roomOf } from "./fleet-view.ts";
import type { Parts } from "./parts.ts";

type Pull = NonNullable<HostFacts["pulls"]>[number];

/** A plan that stands, and where every host stands that it is for. */
export interface StandingPlan {
  plan: ImagePlan;
  hosts: Map<number, { name: string; standing: Standing; pull: Pull | undefined }>;
  /** As any pull of it has told. */
  totalBytes: number | null;
}

/** What is known of a host while there are plans. */
interface KnownHost extends PlanHost {
  room: HostRoom | undefined;
  pulls: readonly Pull[];
  /** Registries that it fetches from, for whomever. */
  registries: ReadonlySet<string>;
  failures: Map<string, PullFailure>;
  /** What it is told to fetch. One at a time: an agent does no more. */
  grant: { reference: string; grant: number } | null;
}

/**
 * Which hosts fetch what is planned, so that no more fetch from one registry at once than may. Kept host by host as
 * hosts change, and only while there are plans. In memory: after a restart a host that still fetches is let go on.
 */
export function makeImagePulls({
  store,
  leases,
  fleet,
  changes,
  clock,
  config,
}: Pick<Parts, "store" | "leases" | "fleet" | "changes" | "clock" | "config">) {
  const plans = new Map<string, StandingPlan>();
  const hosts = new Map<number, KnownHost>();
  const pulling = new Map<string, Set<number>>();
  const waiting = new Map<string, Map<number, Candidate>>();
  const retries = new Map<number, () => void>();
  let lastGrant = 0;

  function viewOf(host: StoredHost): PlanHost & { room: HostRoom | undefined } {
    const { facts } = host;
    const room = roomOf(host);
    const isSilent = !leases.isConnected(host.id);
    return {
      name: host.name,
      labels: labelsOf(host),
      isAway:
        leases.isGivenUp(host.id) ||
        host.cordon !== null ||
        (!isSilent && facts?.imageFailures === undefined),
      isSilent,
      images: room?.images ?? new Map<string, number>(),
      diskFreeGiB: facts?.diskFreeGiB ?? 0,
      room,
    };
  }

  /** What the host tells of itself, with what is known of it already; a failure that it tells of counts once. */
  function read(host: StoredHost): KnownHost {
    const known = hosts.get(host.id);
    const { facts } = host;
    const view = viewOf(host);
    const isThere = !view.isSilent && !view.isAway;
    const failures = known?.failures ?? new Map<string, PullFailure>();
    let grant = isThere ? (known?.grant ?? null) : null;
    for (const { work, code, message, ...failed } of facts?.imageFailures ?? []) {
      if (work !== "pull" || failed.reference !== grant?.reference || failed.grant !== grant.grant) continue;
      failures.set(
        failed.reference,
        failedAgain(failures.get(failed.reference), { code, message }, clock.now()),
      );
      grant = null;
    }
    for (const reference of failures.keys()) if (view.images.has(reference)) failures.delete(reference);
    const pulls = isThere ? (facts?.pulls ?? []) : [];
    return { ...view, pulls, registries: known?.registries ?? new Set(), failures, grant };
  }

  /** Works out anew where the host stands, from what is known of it. */
  function place(hostId: number, host: KnownHost): void {
    const wanted = [...plans.values()].filter(
      ({ plan }) => isMeant(plan, host) && !host.images.has(plan.image),
    );
    const isWanted = (reference: string) => wanted.some(({ plan }) => plan.image === reference);
    if (host.grant && !isWanted(host.grant.reference)) host.grant = null;
    // It fetches it already: for a VM, or told so before this control plane was started.
    const underWay = host.pulls.find(({ reference }) => isWanted(reference));
    if (!host.grant && underWay && !host.failures.has(underWay.reference)) grantTo(host, underWay.reference);

    const fetched = [...host.pulls.map(({ reference }) => reference), ...(host.room?.arriving ?? [])];
    const isThere = !host.isAway && !host.isSilent;
    count(hostId, host, isThere ? [...fetched, ...(host.grant ? [host.grant.reference] : [])] : []);
    for (const one of waiting.values()) one.delete(hostId);
    for (const held of plans.values()) {
      const { plan } = held;
      if (!isMeant(plan, host)) {
        held.hosts.delete(hostId);
        continue;
      }
      const pull = host.pulls.find(({ reference }) => reference === plan.image);
      held.totalBytes = pull?.totalBytes ?? held.totalBytes;
      const standing = standingOf(plan, host, {
        isPulling: pull !== undefined || host.grant?.reference === plan.image,
        failure: host.failures.get(plan.image),
        imageGiB: fleet.view.rooms.imageGiB(plan),
        now: clock.now(),
      });
      held.hosts.set(hostId, { name: host.name, standing, pull });
      if (standing.kind === "waiting" && !host.grant) wait(hostId, host, plan);
    }
    remind(hostId, host);
  }

  function grantTo(host: KnownHost, reference: string): void {
    lastGrant = Math.max(lastGrant + 1, clock.now());
    host.grant = { reference, grant: lastGrant };
  }

  function count(hostId: number, host: KnownHost, references: readonly string[]): void {
    for (const registry of host.registries) pulling.get(registry)?.delete(hostId);
    host.registries = new Set(references.map(registryOf));
    for (const registry of host.registries) {
      const those = pulling.get(registry) ?? new Set();
      pulling.set(registry, those.add(hostId));
    }
  }

  function wait(hostId: number, host: KnownHost, { image, createdAt }: ImagePlan): void {
    const registry = registryOf(image);
    const those = waiting.get(registry) ?? new Map<number, Candidate>();
    const freeSlots = host.room?.freeSlots.length ?? 0;
    if (!those.has(hostId)) those.set(hostId, { hostId, reference: image, plannedAt: createdAt, freeSlots });
    waiting.set(registry, those);
  }

  /** It is looked at again when the next of its failures may be tried again. */
  function remind(hostId: number, { failures }: KnownHost): void {
    retries.get(hostId)?.();
    retries.delete(hostId);
    const times = [...failures.values()].map(({ retryAt }) => retryAt).filter((at) => at > clock.now());
    if (times.length === 0) return;
    const cancel = clock.after(Math.min(...times) - clock.now(), () => {
      const host = hosts.get(hostId);
      if (host) place(hostId, host);
      giveTurns();
    });
    retries.set(hostId, cancel);
  }

  function giveTurns(): void {
    for (const [registry, those] of waiting) {
      const busy = pulling.get(registry) ?? new Set<number>();
      // One that fetches from there anyway, for a VM, makes it no more.
      const free = [...those.values()].filter(({ hostId }) => busy.has(hostId));
      const turns = nextPulls(
        [...those.values()].filter(({ hostId }) => !busy.has(hostId)),
        busy.size,
        config.pullsPerRegistry,
      );
      for (const { hostId, reference } of [...free, ...turns]) {
        const host = hosts.get(hostId);
        if (!host || host.grant) continue;
        grantTo(host, reference);
        place(hostId, host);
        changes.hostChanged(hostId);
      }
    }
  }

  function forget(hostId: number): void {
    const host = hosts.get(hostId);
    if (!host) return;
    count(hostId, host, []);
    for (const those of waiting.values()) those.delete(hostId);
    for (const held of plans.values()) held.hosts.delete(hostId);
    retries.get(hostId)?.();
    retries.delete(hostId);
    hosts.delete(hostId);
  }

  function look(hostId: number, stored: StoredHost | undefined): void {
    if (!stored) return forget(hostId);
    const before = hosts.get(hostId);
    const host = read(stored);
    hosts.set(hostId, host);
    place(hostId, host);
    if (host.grant?.grant !== before?.grant?.grant) changes.hostChanged(hostId);
  }

  return {
    plans: plans as ReadonlyMap<string, StandingPlan>,

    add(plan: ImagePlan): void {
      plans.set(plan.id, { plan, hosts: new Map(), totalBytes: null });
      for (const host of store.hosts()) look(host.id, host);
      giveTurns();
    },

    /** Whether there is a host that would have to fetch it. */
    isMissingFor: (plan: ImagePlan): boolean =>
      store.hosts().some((host) => {
        const view = viewOf(host);
        return isMeant(plan, view) && !view.isAway && !view.images.has(plan.image);
      }),

    remove(id: string): void {
      if (!plans.delete(id)) return;
      for (const [hostId, host] of hosts) {
        const before = host.grant;
        place(hostId, host);
        if (host.grant !== before) changes.hostChanged(hostId);
      }
      giveTurns();
      if (plans.size === 0) for (const hostId of hosts.keys()) forget(hostId);
    },

    /** The host told of itself, fell silent, was cordoned, or got or lost a VM. */
    hostChanged(hostId: number): void {
      if (plans.size === 0) return;
      look(hostId, store.hostById(hostId));
      giveTurns();
    },

    /** Images that plans want on a host, there or not, with why. */
    wantedOn(host: StoredHost): [reference: string, why: string][] {
      if (plans.size === 0) return [];
      const view = viewOf(host);
      return [...plans.values()].flatMap(({ plan }) =>
        isMeant(plan, view) ? [[plan.image, plan.kind === "pin" ? "it is pinned" : "it is pre-pulled"]] : [],
      );
    },

    /** What the host is to fetch. */
    pullsOf(hostId: number): ImageWork["pull"] {
      const grant = hosts.get(hostId)?.grant;
      return grant ? [grant] : [];
    },

    stop(): void {
      for (const cancel of retries.values()) cancel();
    },
  };
}

export type ImagePulls = ReturnType<typeof makeImagePulls>;
