import { TartfleetError } from "./error.ts";
import { openEventStream } from "./event-stream.ts";
import { callJson, type Call, type Target } from "./http.ts";
import { callOf, type LiveOperation } from "./request.ts";
import { pause, retry } from "./retry.ts";
import type { Operations, VmEvent, VmRecord, VmState } from "./wire.ts";

/** Between two connections when nothing came over the first one, like behind a proxy that cuts streams. */
const CALM_MS = 1000;
const BREATH_MS = 250;

export interface LiveOptions {
  /** For how long the control plane may be away between two messages. */
  retryForMs: number;
  signal?: AbortSignal | undefined;
}

export interface FollowOptions extends LiveOptions {
  /** Begins after the event with this id; 0, the default: with the first of the VM's history. */
  after?: number;
}

/** Whether nothing will ever happen to the VM again. */
export function isTerminal(state: VmState): boolean {
  return state === "deleted" || state === "failed";
}

/**
 * A VM's events after `after` and then live, over as many connections as it takes, each event once. Ends after the
 * last event of a VM that has ended.
 *
 * @throws TartfleetError, or the reason of `signal`
 */
export async function* followEvents(
  target: Target,
  id: string,
  { after = 0, ...options }: FollowOptions,
): AsyncGenerator<VmEvent, void> {
  const { path } = callOf("GET /v1/vms/{id}/events", { path: { id } });
  const getVm: Call = { ...callOf("GET /v1/vms/{id}", { path: { id } }), signal: options.signal };
  let last = after;
  let hasEnded = false;
  const events = messages<VmEvent>(target, path, {
    ...options,
    lastEventId: () => last,
    hasEnded: () => hasEnded,
    isOver: async () => isTerminal((await callJson<VmRecord>(target, getVm)).body.state),
  });
  for await (const event of events) {
    if (event.id <= last) continue;
    last = event.id;
    hasEnded ||= isTerminal(event.state);
    yield event;
  }
}

/** What a stream sends that never comes to its end, over as many connections as it takes. */
export function watch<O extends LiveOperation>(
  target: Target,
  operation: O,
  options: LiveOptions,
): AsyncGenerator<Operations[O]["answer"], void> {
  return messages(target, callOf(operation).path, options);
}

interface MessagesOptions extends LiveOptions {
  /** Of the last message that was taken. */
  lastEventId?: () => number;
  /** Whether what was read says that no more will come. */
  hasEnded?: () => boolean;
  /** Asks the control plane whether no more will come. */
  isOver?: () => Promise<boolean>;
}

async function* messages<T>(
  target: Target,
  path: string,
  { lastEventId, hasEnded, isOver, retryForMs, signal }: MessagesOptions,
): AsyncGenerator<T, void> {
  const patiently = <R>(work: () => Promise<R>) =>
    retry(work, { forMs: retryForMs, signal, outage: target.outage });
  const open = () => openEventStream(target, path, { lastEventId: lastEventId?.(), signal });
  for (let isFirst = true; ; isFirst = false) {
    // Asked before connecting: when a stream that was opened afterwards ends, everything was in it.
    const wasOver = !isFirst && isOver !== undefined && (await patiently(isOver));
    const stream = await patiently(open);
    let isQuiet = true;
    try {
      for await (const { data } of stream) {
        isQuiet = false;
        const message: T = messageOf(data);
        yield message;
      }
    } catch (error) {
      if (!(error instanceof TartfleetError) || !error.isTransient || retryForMs <= 0) throw error;
      target.outage.failed(error);
    }
    if (wasOver || hasEnded?.()) return;
    await pause(isQuiet ? CALM_MS : BREATH_MS, signal);
  }
}

/** Taken for what the API promises. */
function messageOf(data: string) {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new TartfleetError("not_tartfleet", "A message of the stream is not JSON", { cause });
  }
}
