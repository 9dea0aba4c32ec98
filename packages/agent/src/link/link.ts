import type { AttemptRef, Bootstrap, HostFacts, Problem, Report, TagAnswer } from "@tartfleet/shared";
import { sleep, within, type Clock } from "../clock.ts";
import { createDoorbell } from "../doorbell.ts";
import type { Log } from "../log.ts";
import { createBackOff } from "./back-off.ts";
import {
  isPassing,
  type Answer,
  type CallFailure,
  type Connection,
  type ControlPlane,
} from "./control-plane.ts";
import { createOutbox } from "./outbox.ts";
import { CALL_MS, runSession, type FactsToSend, type SessionHost } from "./session.ts";

/** Why the agent cannot go on with this control plane. */
export type LinkEnd =
  | { kind: "stopped" }
  | { kind: "problem"; code: Problem["code"]; message: string }
  /** Before any session was opened, so most likely never right: the URL or the credential is wrong. */
  | { kind: "refused"; status: number; message: string };

/** The agent's tie to its control plane: sessions, one after the other, for as long as it runs. */
export interface Link {
  /** Connects and reconnects until the signal is aborted or the control plane says something final. */
  run(signal: AbortSignal): Promise<LinkEnd>;
  /** Told in order, and again until it is acknowledged or nobody asks about the attempt any more. */
  put(report: Report): void;
  setFacts(facts: HostFacts): void;
  /** Said once, in the present session; what does not arrive is asked again. */
  tellResolved(reference: string, answer: TagAnswer): Promise<void>;
  /** Waits for a session, and asks again when one is lost; fails only by the control plane's word. */
  bootstrap(attempt: AttemptRef, signal: AbortSignal): Promise<Answer<Bootstrap>>;
}

interface LinkHost extends SessionHost {
  /** The session is over; what the control plane wants may have changed since. */
  onLost(): void;
}

export interface LinkParts {
  controlPlane: ControlPlane;
  host: LinkHost;
  clock: Clock;
  random: () => number;
  log: Log;
}

const FINAL = new Set<Problem["code"]>([
  "session_fenced",
  "protocol_unsupported",
  "host_identity_conflict",
  "forbidden",
]);

export function createLink({ controlPlane, host, clock, random, log }: LinkParts): Link {
  const outbox = createOutbox();
  const outboxBell = createDoorbell();
  const backOff = createBackOff(random);
  const facts = createFacts();
  let session: { connection: Connection; epoch: number } | null = null;
  let opened = Promise.withResolvers<void>();
  let wasOpen = false;
  let isHelloUnsure = false;
  let lastFailure = "";

  async function connectOnce(signal: AbortSignal): Promise<CallFailure> {
    const connected = await controlPlane.connect(signal);
    if (!connected.ok) return connected.failure;
    const connection = connected.value;
    const since = clock.now();
    const end = await runSession(
      { connection, host, outbox, outboxBell, facts, clock, log },
      ({ epoch, returnWithinSeconds = 0 }) => {
        session = { connection, epoch };
        backOff.spread(returnWithinSeconds * 1000);
        wasOpen = true;
        lastFailure = "";
        opened.resolve();
        log.info({ epoch }, "connected to the control plane");
      },
      signal,
    );
    backOff.lasted(clock.now() - since);
    if (session) {
      session = null;
      opened = Promise.withResolvers();
      host.onLost();
    }
    // An unanswered hello may be heard late and fence the session that followed it: that is no rival.
    if (isHelloUnsure && isFenced(end.failure)) {
      isHelloUnsure = false;
      return { kind: "lost", message: "an earlier hello of this agent was heard late" };
    }
    isHelloUnsure ||= end.isHelloUnsure;
    return end.failure;
  }

  return {
    async run(signal) {
      for (;;) {
        const failure = await connectOnce(signal);
        if (signal.aborted) return { kind: "stopped" };
        if (failure.kind === "problem" && FINAL.has(failure.code)) return failure;
        if (failure.kind === "refused" && !wasOpen && isWrongDoor(failure.status)) return failure;
        const pauseMs = backOff.next() + (failure.kind === "refused" ? failure.retryAfterMs : 0);
        // Once for each reason, not for each try of a night.
        const level = failure.message === lastFailure ? "debug" : "warn";
        lastFailure = failure.message;
        log[level](
          { why: failure.message, pauseMs: Math.round(pauseMs) },
          "not connected to the control plane; trying again",
        );
        await sleep(clock, pauseMs, signal);
      }
    },
    put(report) {
      outbox.put(report);
      outboxBell.ring();
    },
    setFacts: (next) => facts.set(next),
    async tellResolved(reference, answer) {
      const present = session;
      if (!present) return;
      const told = await within(clock, CALL_MS, new AbortController().signal, (limit) =>
        present.connection.resolved(present.epoch, reference, answer, limit),
      );
      if (!told.ok) log.debug({ reference, why: told.failure.message }, "a tag's digest was not taken");
    },
    async bootstrap(attempt, signal) {
      for (;;) {
        await Promise.race([opened.promise, aborted(signal)]);
        if (signal.aborted) return LOST;
        const present = session;
        if (present) {
          const answer = await within(clock, CALL_MS, signal, (limit) =>
            present.connection.bootstrap(present.epoch, attempt, limit),
          );
          if (answer.ok || isFinalFor(answer.failure)) return answer;
        }
        await sleep(clock, 1000, signal);
      }
    },
  };
}

const LOST: Answer<never> = { ok: false, failure: { kind: "lost", message: "it was cut off" } };

function isFenced(failure: CallFailure): boolean {
  return failure.kind === "problem" && failure.code === "session_fenced";
}

function isFinalFor(failure: CallFailure): boolean {
  return (
    failure.kind === "problem" &&
    failure.code !== "internal" &&
    failure.code !== "shutting_down" &&
    !isPassing(failure)
  );
}

/** 5xx and 429 pass by themselves; any other answer to the first connection says that the door is wrong. */
function isWrongDoor(status: number): boolean {
  return status < 500 && status !== 429;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function createFacts(): FactsToSend & { set(facts: HostFacts): void } {
  const bell = createDoorbell();
  let present: HostFacts | undefined;
  let told = "";
  return {
    bell,
    pending: () => (present && JSON.stringify(present) !== told ? present : undefined),
    told(facts) {
      told = JSON.stringify(facts);
      present ??= facts;
    },
    set(facts) {
      present = facts;
      if (JSON.stringify(facts) !== told) bell.ring();
    },
  };
}
