import { createParser, type EventSourceMessage } from "eventsource-parser";
import { failureOf, send, type Call, type Target } from "./http.ts";

/** A stream that is silent for this long is taken for dead; the control plane gives a sign of life more often. */
const SILENCE_MS = 90_000;
const LONGEST_MESSAGE = 4 * 1024 * 1024;

interface StreamOptions {
  /** Resumes after the event with this id. */
  lastEventId: number;
  signal?: AbortSignal | undefined;
}

/**
 * One connection's server-sent events; returns when the server ends it or falls silent.
 *
 * @throws TartfleetError, or the reason of `signal`
 */
export async function* readEventStream(
  target: Target,
  path: string,
  { lastEventId, signal }: StreamOptions,
): AsyncGenerator<EventSourceMessage, void> {
  const over = new AbortController();
  const die = () => over.abort();
  let timer = setTimeout(die, SILENCE_MS);
  const call: Call = {
    method: "GET",
    path,
    headers: { accept: "text/event-stream", "last-event-id": String(lastEventId) },
    signal,
  };
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    maxBufferSize: LONGEST_MESSAGE,
    onEvent: (message) => messages.push(message),
  });
  try {
    const response = await send(target, call, signal ? AbortSignal.any([signal, over.signal]) : over.signal);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) return;
      clearTimeout(timer);
      timer = setTimeout(die, SILENCE_MS);
      parser.feed(piece.value);
      yield* messages.splice(0);
    }
  } catch (error) {
    if (signal?.aborted || !over.signal.aborted) throw failureOf(error, call);
  } finally {
    clearTimeout(timer);
    // Whoever stops reading has no use for the connection.
    over.abort();
  }
}
