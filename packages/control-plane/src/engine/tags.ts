import { imageParts, type TagAnswer } from "@tartfleet/shared";
import { registryOf } from "../domain/images/pull-order.ts";
import type { ImageAnswer } from "../domain/lifecycle.ts";
import type { Resolution, Vm } from "../domain/vm.ts";
import type { Parts } from "./parts.ts";
import type { Patience } from "./patience.ts";

/** So long an agent is given for an answer before another one is asked. Milliseconds. */
const ANSWER_MS = 10_000;
/** So long a VM waits for the digest of its tag, before it goes on with the tag. Milliseconds. */
const PATIENCE_MS = 30_000;
/** How many references are remembered; those that were learned first are forgotten first. */
const MOST_KNOWN = 1000;
/** How many references a host is asked for at once. */
const MOST_AT_ONCE = 50;

/** A reference whose tag is being resolved, for all VMs that wait for it. */
interface Question {
  reference: string;
  vmIds: Set<string>;
  /** The host that is asked now. */
  asked: number | null;
  /** Hosts that could not tell, and why. */
  failures: Map<number, string>;
  stopWaiting: () => void;
  stopAsking: () => void;
}

type Known = { resolution: Exclude<Resolution, { kind: "waiting" }>; until: number };

/**
 * What tags stand for. One agent at a time is asked, by the credentials of its host; another one when it has no
 * access or does not answer. The question is part of the set of assignments, for as long as it stands. What was
 * learned is believed for a while; all who ask for a tag meanwhile share one question.
 */
export function startTags(
  {
    store,
    changes,
    leases,
    clock,
    config,
    context,
  }: Pick<Parts, "store" | "changes" | "leases" | "clock" | "config" | "context">,
  patience: Patience,
) {
  const ttlMs = config.imageResolveTtlSeconds * 1000;
  /** Hosts whose agents can ask a registry; whoever was asked moves to the end. */
  const able = new Set(store.hosts().flatMap(({ id, facts }) => (facts?.resolvesTags ? [id] : [])));
  const known = new Map<string, Known>();
  const questions = new Map<string, Question>();
  const askedOf = new Map<number, Set<Question>>();
  /** By registry: the host that knew an answer last. */
  const knew = new Map<string, number>();

  function fresh(reference: string): Known["resolution"] | undefined {
    const found = known.get(reference);
    return found && found.until > clock.now() ? found.resolution : undefined;
  }

  function remember(reference: string, resolution: Known["resolution"]): void {
    known.delete(reference);
    known.set(reference, { resolution, until: clock.now() + ttlMs });
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  }

  function settle(vmId: string, answer: ImageAnswer): void {
    patience.keepTrying(async () => {
      changes.publish(await store.applyEvent(vmId, { kind: "image_answered", answer }, context()));
      // What pools keep is renewed when its tag was moved: after those have had their turn who wait.
      if (answer.kind === "digest") changes.poolsChanged();
    });
  }

  function waitFor(vmId: string, reference: string): void {
    const found = fresh(reference);
    if (found) return settle(vmId, found);
    let question = questions.get(reference);
    if (!question) {
      question = {
        reference,
        vmIds: new Set(),
        asked: null,
        failures: new Map(),
        stopWaiting: () => {},
        stopAsking: () => {},
      };
      questions.set(reference, question);
      const made = question;
      made.stopWaiting = clock.after(PATIENCE_MS, () => giveUp(made));
    }
    question.vmIds.add(vmId);
    if (question.asked === null) askNext(question);
  }

  /** Asks the next host that can; when all that are connected could not tell, nobody is waited for. */
  function askNext(question: Question): void {
    const hostId = nextHost(question);
    if (hostId !== undefined) ask(question, hostId);
    else if (question.failures.size > 0) giveUp(question);
  }

  function nextHost({ reference, failures }: Question): number | undefined {
    const mayBe = (hostId: number) => able.has(hostId) && leases.isConnected(hostId) && !failures.has(hostId);
    const last = knew.get(registryOf(reference));
    if (last !== undefined && mayBe(last)) return last;
    for (const hostId of able) if (mayBe(hostId)) return hostId;
    return undefined;
  }

  function ask(question: Question, hostId: number): void {
    question.asked = hostId;
    able.delete(hostId);
    able.add(hostId);
    const asked = askedOf.get(hostId) ?? new Set();
    askedOf.set(hostId, asked.add(question));
    question.stopAsking = clock.after(ANSWER_MS, () =>
      couldNot(question, hostId, `${store.hostName(hostId)} did not answer within ${ANSWER_MS / 1000} s.`),
    );
    changes.hostChanged(hostId);
  }

  function couldNot(question: Question, hostId: number, why: string): void {
    question.failures.set(hostId, why);
    askNoMore(question);
    askNext(question);
  }

  function askNoMore(question: Question): void {
    const { asked } = question;
    if (asked === null) return;
    question.asked = null;
    question.stopAsking();
    const others = askedOf.get(asked);
    others?.delete(question);
    if (others?.size === 0) askedOf.delete(asked);
    changes.hostChanged(asked);
  }

  function end(question: Question, answer: ImageAnswer): void {
    questions.delete(question.reference);
    question.stopWaiting();
    askNoMore(question);
    for (const vmId of question.vmIds) settle(vmId, answer);
  }

  function giveUp(question: Question): void {
    const why = [...question.failures.values()].slice(-2).join(" ");
    const nobody = "no host that could ask is connected.";
    const resolution = { kind: "given_up" as const, why: why === "" ? nobody : why };
    // Where nobody was asked the next one may well find somebody.
    if (why !== "") remember(question.reference, resolution);
    end(question, resolution);
  }

  const stopHearing = changes.onHostRoom((hostId) => {
    if (!leases.knows(hostId)) able.delete(hostId);
  });
  for (const { id, image } of store.awaitingDigest()) waitFor(id, image);

  return {
    /** What is known of a VM's image when it is accepted; `waiting` when somebody can find out. */
    choose(image: string): Resolution | null {
      if (ttlMs === 0 || imageParts(image)?.tag === undefined) return null;
      return fresh(image) ?? (able.size === 0 ? null : { kind: "waiting" });
    },

    /** What was learned last, whenever that was; null where nothing was. */
    lastKnown: (image: string): Resolution | null => known.get(image)?.resolution ?? null,

    /** A VM was accepted. */
    accepted({ id, spec, resolution }: Pick<Vm, "id" | "spec" | "resolution">): void {
      if (resolution?.kind === "waiting") waitFor(id, spec.image);
    },

    /** A host opened a session. */
    sessionOpened(hostId: number, resolvesTags: boolean): void {
      if (!resolvesTags) return void able.delete(hostId);
      able.add(hostId);
      for (const question of questions.values()) if (question.asked === null) askNext(question);
    },

    /** The references that a host is to resolve. */
    askedOf: (hostId: number): string[] =>
      [...(askedOf.get(hostId) ?? [])].slice(0, MOST_AT_ONCE).map(({ reference }) => reference),

    /** A host's word; only that of hosts that were asked counts, however late it comes. */
    answered(
      { hostId, hostName }: { hostId: number; hostName: string },
      reference: string,
      answer: TagAnswer,
    ) {
      const question = questions.get(reference);
      if (!question || (question.asked !== hostId && !question.failures.has(hostId))) return;
      if (answer.kind === "digest") {
        const resolution = { kind: "digest" as const, digest: answer.digest, host: hostName };
        knew.set(registryOf(reference), hostId);
        remember(reference, resolution);
        end(question, resolution);
      } else if (answer.code === "image_not_found") {
        end(question, { kind: "missing", host: hostName, said: answer.message });
      } else if (question.asked === hostId) couldNot(question, hostId, `${hostName}: ${answer.message}`);
    },

    /** Who is resolving a reference, and who could not, for people. */
    progress(reference: string): string {
      const { asked = null, failures = new Map<number, string>() } = questions.get(reference) ?? {};
      const by = asked === null ? "as soon as a host is connected that can" : `by ${store.hostName(asked)}`;
      return [`its image's tag is being resolved ${by}.`, ...[...failures.values()].slice(-2)].join(" ");
    },

    stop(): void {
      stopHearing();
      for (const { stopWaiting, stopAsking } of questions.values()) {
        stopWaiting();
        stopAsking();
      }
    },
  };
}

/** Tags as the use cases know them. */
export type Tags = ReturnType<typeof startTags>;
