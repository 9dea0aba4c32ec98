import type { AssignmentSet, Hello, HostFacts, Welcome } from "@tartfleet/shared";
import { PROTOCOL_VERSION } from "@tartfleet/shared";
import { sleep, within, type Clock } from "../clock.ts";
import type { Doorbell } from "../doorbell.ts";
import type { Log } from "../log.ts";
import { isPassing, type Answer, type CallFailure, type Connection } from "./control-plane.ts";
import type { Outbox } from "./outbox.ts";

/** No answer within this time means that the link is dead, whatever the socket says (half-open TCP). */
export const CALL_MS = 10_000;

/** Between two tries of a report that the control plane has no room for now. */
const PASSING_PAUSE_MS = 1000;

/** What the host's side of a session says and hears. */
export interface SessionHost {
  /**
   * The host as it is now: a look that was begun after the call. Not an older one: an instance that is
   * missing in a hello counts as lost. Undefined when the signal was aborted.
   */
  describe(
    signal: AbortSignal,
  ): Promise<Pick<Hello, "machineId" | "agentId" | "facts" | "instances"> | undefined>;
  onWelcome(welcome: Welcome): void;
  onSet(set: AssignmentSet): void;
}

export interface SessionParts {
  connection: Connection;
  host: SessionHost;
  outbox: Outbox;
  /** Rings when the outbox has got something. */
  outboxBell: Doorbell;
  facts: FactsToSend;
  clock: Clock;
  log: Log;
}

/** Facts that the control plane has not been told yet. */
export interface FactsToSend {
  readonly bell: Doorbell;
  pending(): HostFacts | undefined;
  told(facts: HostFacts): void;
}

export interface SessionEnd {
  failure: CallFailure;
  /** A hello was sent and never answered: the control plane may have opened a session that nobody uses. */
  isHelloUnsure: boolean;
}

/** One session: hello, then assignments in, reports and heartbeats out, until any of them fails. */
export async function runSession(
  parts: SessionParts,
  onOpen: (welcome: Welcome) => void,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { connection, host, clock } = parts;
  const stop = new AbortController();
  const end = () => stop.abort();
  signal.addEventListener("abort", end, { once: true });
  void connection.closed.then(end);
  try {
    const described = await host.describe(stop.signal);
    if (!described || stop.signal.aborted)
      return { failure: await closedReason(connection), isHelloUnsure: false };
    const hello = { protocol: PROTOCOL_VERSION, ...described };
    const welcome = await within(clock, CALL_MS, stop.signal, (limit) => connection.hello(hello, limit));
    if (!welcome.ok) {
      return { failure: welcome.failure, isHelloUnsure: welcome.failure.kind === "lost" };
    }
    const { epoch } = welcome.value;
    parts.facts.told(described.facts);
    host.onWelcome(welcome.value);
    onOpen(welcome.value);
    const failure = await Promise.race([
      connection.closed,
      connection.assignments(epoch, (set) => hear(parts, welcome.value, set), stop.signal),
      sendReports(parts, epoch, stop.signal),
      sendHeartbeats(parts, welcome.value, stop.signal),
    ]);
    return { failure, isHelloUnsure: false };
  } finally {
    signal.removeEventListener("abort", end);
    end();
    connection.close();
  }
}

function closedReason(connection: Connection): Promise<CallFailure> {
  connection.close();
  return connection.closed;
}

function hear({ host, outbox, outboxBell, log }: SessionParts, welcome: Welcome, set: AssignmentSet): void {
  if (set.logId !== welcome.logId) {
    log.warn({ logId: set.logId }, "assignments of another log were ignored");
    return;
  }
  host.onSet(set);
  const asked = new Set(set.assignments.map(({ vmId, attempt }) => `${vmId}/${attempt}`));
  outbox.retain(({ vmId, attempt }) => asked.has(`${vmId}/${attempt}`));
  outboxBell.ring();
}

async function sendReports(parts: SessionParts, epoch: number, signal: AbortSignal): Promise<CallFailure> {
  const { connection, outbox, outboxBell, clock, log } = parts;
  for (;;) {
    let batch = outbox.next();
    if (batch.length === 0) {
      await outboxBell.rung(signal);
      if (signal.aborted) return OVER;
      continue;
    }
    let answer: Answer<unknown> = await within(clock, CALL_MS, signal, (limit) =>
      connection.report(epoch, batch, limit),
    );
    if (!answer.ok && isRefusedInput(answer.failure)) {
      // One report that cannot be taken must not hold up the others: it is found by sending it alone.
      batch = batch.slice(0, 1);
      const alone = batch;
      answer = await within(clock, CALL_MS, signal, (limit) => connection.report(epoch, alone, limit));
      if (!answer.ok && isRefusedInput(answer.failure)) {
        const { kind, vmId, attempt } = alone[0] ?? {};
        log.error(
          { kind, vmId, attempt, failure: answer.failure.message },
          "a report was refused and is dropped",
        );
        outbox.acknowledge(1);
        continue;
      }
    }
    if (!answer.ok && isPassing(answer.failure)) {
      // The session lives on meanwhile: a host that fell silent for this would have its boots given up.
      await sleep(clock, PASSING_PAUSE_MS, signal);
      continue;
    }
    if (!answer.ok) return answer.failure;
    outbox.acknowledge(batch.length);
  }
}

function isRefusedInput(failure: CallFailure): boolean {
  return (
    failure.kind === "problem" && (failure.code === "invalid_request" || failure.code === "payload_too_large")
  );
}

async function sendHeartbeats(
  { connection, facts, clock }: SessionParts,
  { epoch, heartbeatSeconds }: Welcome,
  signal: AbortSignal,
): Promise<CallFailure> {
  for (;;) {
    await within(clock, heartbeatSeconds * 1000, signal, (limit) => facts.bell.rung(limit));
    if (signal.aborted) return OVER;
    const changed = facts.pending();
    const answer = await within(clock, CALL_MS, signal, (limit) =>
      connection.heartbeat(epoch, changed, limit),
    );
    // It was a sign of life all the same; what changed is said with the next one.
    if (!answer.ok && isPassing(answer.failure)) continue;
    if (!answer.ok) return answer.failure;
    if (changed) facts.told(changed);
  }
}

const OVER: CallFailure = { kind: "lost", message: "the session is over" };
