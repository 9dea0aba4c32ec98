import { TartfleetError } from "./error.ts";
import { readEventStream } from "./event-stream.ts";
import { callJson, type Target } from "./http.ts";
import { vmPath } from "./paths.ts";
import { pause, retry } from "./retry.ts";
import type { VmEvent, VmRecord, VmState } from "./wire.ts";

/** Between two connections when nothing came over the first one, like behind a proxy that cuts streams. */
const CALM_MS = 1000;

export interface FollowOptions {
  /** Begins after the event with this id; 0, the default: with the first of the VM's history. */
  after?: number;
  /** For how long the control plane may be away between two events. */
  retryForMs: number;
  signal?: AbortSignal | undefined;
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
  { after = 0, retryForMs, signal }: FollowOptions,
): AsyncGenerator<VmEvent, void> {
  const path = `${vmPath(id)}/events`;
  let last = after;
  let reconnecting = false;
  for (;;) {
    // Asked before connecting: when a stream that was opened afterwards ends, everything was in it.
    const wasOver =
      reconnecting && (await retry(() => isOver(target, id, signal), { forMs: retryForMs, signal }));
    reconnecting = true;
    let isQuiet = true;
    let over = wasOver;
    try {
      for await (const { data } of readEventStream(target, path, { lastEventId: last, signal })) {
        const event = eventOf(data);
        if (event.id <= last) continue;
        isQuiet = false;
        last = event.id;
        over ||= isTerminal(event.state);
        yield event;
      }
    } catch (error) {
      if (!(error instanceof TartfleetError) || !error.isTransient) throw error;
    }
    if (over) return;
    if (isQuiet) await pause(CALM_MS, signal);
  }
}

async function isOver(target: Target, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { body } = await callJson<VmRecord>(target, { method: "GET", path: vmPath(id), signal });
  return isTerminal(body.state);
}

function eventOf(data: string): VmEvent {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new TartfleetError("not_tartfleet", "An event of the VM is not JSON", { cause });
  }
}
