import { isTerminal, vmEventSchema, VM_EVENT_TYPES, type VmEvent } from "@tartfleet/shared";
import type { EventSourceMessage } from "eventsource-parser";
import { vmPath, type Client, type Goal } from "./client.ts";
import { readEventStream } from "./event-stream.ts";
import { matches } from "./http.ts";
import type { Patience } from "./patience.ts";
import { settled } from "../vm-outcome.ts";
import { notUnderstood } from "./refusals.ts";

const EVENT_NAMES: ReadonlySet<string> = new Set(["message", ...VM_EVENT_TYPES]);
/** Below the 60 seconds after which many proxies cut a silent request. */
const LONG_POLL_SECONDS = 50;

/**
 * A VM's events after `after` and then live, over as many connections as it takes, each event once.
 * Ends after the last event of a VM that has ended.
 */
export async function* followVmEvents(
  client: Client,
  id: string,
  { after, patience, signal }: { after: number; patience: Patience; signal: AbortSignal },
): AsyncGenerator<VmEvent, void> {
  const path = `${vmPath(id)}/events`;
  let last = after;
  let over = false;
  let reconnecting = false;
  for (;;) {
    try {
      // Asked before connecting: when a stream that was opened afterwards ends, everything was in it.
      const wasOver = reconnecting && isTerminal((await client.getVm(id, signal)).state);
      reconnecting = true;
      const stream = readEventStream(client.connection, path, {
        lastEventId: last,
        signal,
        onOpen: patience.answered,
      });
      for await (const message of stream) {
        const event = eventOf(message, client, path);
        if (event === undefined || event.id <= last) continue;
        patience.progressed();
        last = event.id;
        over = isTerminal(event.state);
        yield event;
      }
      if (over || wasOver) return;
      await patience.pause();
    } catch (error) {
      await patience.failed(error);
    }
  }
}

/** Asks again until the VM has come that far; `signal` ends it early. */
export async function waitForGoal(
  client: Client,
  id: string,
  goal: Goal,
  { patience, signal }: { patience: Patience; signal: AbortSignal },
) {
  for (;;) {
    try {
      const vm = await client.waitForVm(id, goal, LONG_POLL_SECONDS, signal);
      patience.answered();
      patience.progressed();
      if (settled(vm, goal)) return vm;
    } catch (error) {
      await patience.failed(error);
    }
  }
}

function eventOf(message: EventSourceMessage, client: Client, path: string): VmEvent | undefined {
  if (message.event !== undefined && !EVENT_NAMES.has(message.event)) return undefined;
  let event: unknown;
  try {
    event = JSON.parse(message.data);
  } catch {
    event = undefined;
  }
  if (matches(vmEventSchema, event)) return event;
  throw notUnderstood(`GET ${client.connection.url}${path}`);
}
