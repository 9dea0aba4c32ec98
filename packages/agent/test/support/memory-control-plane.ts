import type { Assignment, AssignmentSet, Hello, Report, TagAnswer } from "@tartfleet/shared";
import { sleep } from "../../src/clock.ts";
import type { Answer, CallFailure, Connection, ControlPlane } from "../../src/link/control-plane.ts";
import { failed, ok } from "../../src/tart/result.ts";
import { bootstrapOf } from "./bootstrap.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const LOST: CallFailure = { kind: "lost", message: "the connection broke" };
const HEARTBEAT_SECONDS = 5;

/** A control plane without sockets, whose network can be cut: calls may arrive although no answer does. */
export interface MemoryControlPlane extends ControlPlane {
  hellos: Hello[];
  reports: Report[];
  resolved: { reference: string; answer: TagAnswer }[];
  /** Connections fail, and those that are open hang like a half-open link. */
  isCut: boolean;
  /** How long a call takes each way. */
  latencyMs: number;
  want(...assignments: Assignment[]): void;
  /** Asks what these references' tags stand for. */
  ask(...references: string[]): void;
  /** Breaks the open connection; calls on their way have arrived, but are not answered. */
  drop(): void;
  readonly lastHeartbeatAt: number;
}

export function createMemoryControlPlane(clock: VirtualClock): MemoryControlPlane {
  let epoch = 0;
  let set: AssignmentSet = { logId: "log-1", revision: 0, assignments: [] };
  let lastHeartbeatAt = 0;
  let open: { push(): void; close(): void } | undefined;

  function connection(): Connection {
    const closed = Promise.withResolvers<CallFailure>();
    let isClosed = false;
    let push = () => {};
    const close = () => {
      isClosed = true;
      closed.resolve(LOST);
    };
    open = { push: () => push(), close };

    async function call<T>(signal: AbortSignal, claimed: number | null, act: () => T): Promise<Answer<T>> {
      await sleep(clock, plane.latencyMs, signal);
      if (plane.isCut) await Promise.race([closed.promise, aborted(signal)]);
      if (plane.isCut || isClosed || signal.aborted) return failed(LOST);
      if (claimed !== null && claimed !== epoch) {
        return failed({ kind: "problem", code: "session_fenced", message: "a newer session" });
      }
      const value = act();
      await sleep(clock, plane.latencyMs, signal);
      return isClosed || signal.aborted ? failed(LOST) : ok(value);
    }

    return {
      closed: closed.promise,
      close,
      hello: (hello, signal) =>
        call(signal, null, () => {
          plane.hellos.push(hello);
          epoch += 1;
          return { logId: set.logId, epoch, heartbeatSeconds: HEARTBEAT_SECONDS, leaseSeconds: 15 };
        }),
      report: (claimed, reports, signal) =>
        call(signal, claimed, () => {
          plane.reports.push(...reports);
          return reports.map(() => ({ outcome: "applied" as const }));
        }),
      heartbeat: (claimed, _facts, signal) =>
        call(signal, claimed, () => {
          lastHeartbeatAt = clock.now();
        }),
      resolved: (claimed, reference, answer, signal) =>
        call(signal, claimed, () => {
          plane.resolved.push({ reference, answer });
        }),
      bootstrap: (claimed, { vmId }, signal) => call(signal, claimed, () => bootstrapOf(vmId)),
      async assignments(claimed, onSet, signal) {
        push = () => {
          const now = set;
          clock.after(plane.latencyMs, () => {
            if (!isClosed && !plane.isCut && claimed === epoch && !signal.aborted) onSet(now);
          });
        };
        push();
        await Promise.race([closed.promise, aborted(signal)]);
        return LOST;
      },
    };
  }

  const plane: MemoryControlPlane = {
    hellos: [],
    reports: [],
    resolved: [],
    isCut: false,
    latencyMs: 5,
    want(...assignments) {
      set = { ...set, revision: set.revision + 1, assignments };
      open?.push();
    },
    ask(...resolve) {
      set = { ...set, resolve };
      open?.push();
    },
    drop: () => open?.close(),
    get lastHeartbeatAt() {
      return lastHeartbeatAt;
    },
    async connect(signal) {
      await sleep(clock, plane.latencyMs, signal);
      return plane.isCut || signal.aborted ? failed(LOST) : ok(connection());
    },
  };
  return plane;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
