import { EventEmitter } from "node:events";
import type { Applied } from "../store/apply.ts";
import type { KeptPhase } from "../store/phase-times.ts";

/** Who is told when a step was applied. Rings only, but for the phase that it finished; the store is the truth. */
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
      emitter.emit(`vm ${applied.vm.id}`);
      for (const hostId of applied.hosts) emitter.emit(`host ${hostId}`);
      if (applied.roomChanged) emitter.emit("room");
      emitter.emit("step");
    },
    /** A host's session or set of assignments may have changed. */
    hostChanged: (hostId: number): void => void emitter.emit(`host ${hostId}`),
    /** A VM was accepted: there is one more to place, and no more room than before. */
    queueGrew: (): void => void emitter.emit("queue"),
    /** A token was revoked or rotated. */
    tokenChanged: (id: string): void => void emitter.emit(`token ${id}`),
    /** Something may fit now that did not before. */
    roomChanged: (): void => void emitter.emit("room"),
    onVm: (id: string) => subscribe(`vm ${id}`),
    onHost: (hostId: number) => subscribe(`host ${hostId}`),
    onToken: (id: string) => subscribe(`token ${id}`),
    onRoom: subscribe("room"),
    onQueue: subscribe("queue"),
    onStep: subscribe("step"),
    /** A phase was finished, and is written down. */
    onPhase(call: (phase: KeptPhase) => void): () => void {
      emitter.on("phase", call);
      return () => void emitter.off("phase", call);
    },
  };
}

export type Changes = ReturnType<typeof makeChanges>;
