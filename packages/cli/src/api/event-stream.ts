import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Connection } from "../connection.ts";
import { failureOf, send, type Call } from "./http.ts";

/** A stream that is silent for this long is taken for dead; another one goes on where it was. */
const SILENCE_MS = 90_000;
const LONGEST_MESSAGE = 4 * 1024 * 1024;

interface StreamOptions {
  /** Resumes after the event with this id. */
  lastEventId?: number;
  signal: AbortSignal;
  onOpen: () => void;
}

/** One connection's server-sent events; returns when the server ends it or falls silent. */
export async function* readEventStream(
  connection: Connection,
  path: string,
  { lastEventId, signal, onOpen }: StreamOptions,
): AsyncGenerator<EventSourceMessage, void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const call: Call = {
    method: "GET",
    path,
    headers: {
      accept: "text/event-stream",
      ...(lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) }),
    },
    signal: AbortSignal.any([signal, silence.signal]),
  };
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    maxBufferSize: LONGEST_MESSAGE,
    onEvent: (message) => messages.push(message),
  });
  const decoder = new TextDecoder();
  try {
    const response = await send(connection, call);
    onOpen();
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* messages.splice(0);
    }
  } catch (error) {
    if (signal.aborted || !silence.signal.aborted) throw failureOf(error, connection, call);
  } finally {
    clearTimeout(timer);
  }
}
