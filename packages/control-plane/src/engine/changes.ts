import { EventEmitter } from "node:events";
import type { Topic } from "@tartfleet/shared";
import type { Spent } from "../domain/accounts/ledger.ts";
import type { Applied } from "../store/apply.ts";
import type { KeptPhase } from "../store/phase-times.ts";

/** A step that changed something. */
type Step = Extract<Applied, { outcome: "applied" }>;

/** An instance that was left on a host: of an attempt that its VM had given up, or of a VM that nobody knows. */
export type Leftover = "given_up" | "unknown";

/** Who is told when a step was applied. Rings, but for steps and the phases that they finished; the store is the truth. */
export function makeChanges() {
  const emitter = new EventEmitter().setMaxListeners(0);
  const subscribe = (name: string) => (ring: () => void) => {
    emitter.on(name, ring);
    return () => void emitter.off(name, ring);
  };
  return {
    publish(applied: Applied): void {
      if (applied.outcome === "ignored") return;
      if (applied.phase) emitter.emit("phase", applied.phase);
      if (applied.spent) emitter.emit("spent", applied.spent);
      emitter.emit(`vm ${applied.vm.id}`);
      for (const hostId of applied.hosts) emitter.emit(`host ${hostId}`);
      emitter.emit("applied", applied);
      emitter.emit("step");
      emitter.emit("topic", "vms");
      const isOfQueue = applied.vm.state === "queued" || applied.phase?.phase === "queued";
      if (isOfQueue || applied.roomChanged) emitter.emit("topic", "queue");
    },
    /** A time in a slot has come to its end, and is written down; steps' own are told of with them. */
    spent: (spent: Spent): void => void emitter.emit("spent", spent),
    /** A host's session or set of assignments may have changed. */
    hostChanged: (hostId: number): void => void emitter.emit(`host ${hostId}`),
    /** A host was enrolled anew, revoked or removed: its credential may have ended. */
    credentialChanged(hostId: number): void {
      emitter.emit(`credential ${hostId}`);
      emitter.emit(`host ${hostId}`);
    },
    /** What a host can take may have changed: it connected, fell silent, told of itself, was cordoned. */
    hostRoomChanged(hostId: number): void {
      emitter.emit("host room", hostId);
      for (const topic of ["hosts", "images", "queue"]) emitter.emit("topic", topic);
    },
    /** A host that was silent is heard again, in the same session. */
    hostReturned: (hostId: number): void => void emitter.emit("host returned", hostId),
    /** What teams may have of the fleet was changed. */
    sharesChanged: (): void => void emitter.emit("shares"),
    /** What pools keep warm may have changed. */
    poolsChanged: (): void => void emitter.emit("pools"),
    /** Images may be wanted that were not before, by more than VMs. */
    imageNeedsChanged: (): void => void emitter.emit("image needs"),
    /** Something that is shown somewhere has changed. */
    topicChanged: (topic: Topic): void => void emitter.emit("topic", topic),
    /** A host removed what had been left there. */
    leftoverGone: (kind: Leftover): void => void emitter.emit("leftover gone", kind),
    /** A token was revoked or rotated. */
    tokenChanged: (id: string): void => void emitter.emit(`token ${id}`),
    /** A webhook was told of something, or was not; see `tartfleet_webhook_deliveries_total`. */
    webhookTried: (outcome: string): void => void emitter.emit("webhook tried", outcome),
    onVm: (id: string) => subscribe(`vm ${id}`),
    onHost: (hostId: number) => subscribe(`host ${hostId}`),
    onCredential: (hostId: number) => subscribe(`credential ${hostId}`),
    onToken: (id: string) => subscribe(`token ${id}`),
    onApplied(hear: (step: Step) => void): () => void {
      emitter.on("applied", hear);
      return () => void emitter.off("applied", hear);
    },
    onHostRoom(hear: (hostId: number) => void): () => void {
      emitter.on("host room", hear);
      return () => void emitter.off("host room", hear);
    },
    onTopic(hear: (topic: Topic) => void): () => void {
      emitter.on("topic", hear);
      return () => void emitter.off("topic", hear);
    },
    onLeftoverGone(hear: (kind: Leftover) => void): () => void {
      emitter.on("leftover gone", hear);
      return () => void emitter.off("leftover gone", hear);
    },
    onHostReturned(hear: (hostId: number) => void): () => void {
      emitter.on("host returned", hear);
      return () => void emitter.off("host returned", hear);
    },
    onShares: subscribe("shares"),
    onPools: subscribe("pools"),
    onImageNeeds: subscribe("image needs"),
    onStep: subscribe("step"),
    onWebhookTried(hear: (outcome: string) => void): () => void {
      emitter.on("webhook tried", hear);
      return () => void emitter.off("webhook tried", hear);
    },
    onSpent(hear: (spent: Spent) => void): () => void {
      emitter.on("spent", hear);
      return () => void emitter.off("spent", hear);
    },
    /** A phase was finished, and is written down. */
    onPhase(call: (phase: KeptPhase) => void): () => void {
      emitter.on("phase", call);
      return () => void emitter.off("phase", call);
    },
  };
}

export type Changes = ReturnType<typeof makeChanges>;
