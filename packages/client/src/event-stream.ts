import { createParser, type EventSourceMessage } from "eventsource-parser";
import { failureOf, send, type Call, type Target } from "./http.ts";

/** A stream that is silent for this long is taken for dead; the control plane gives a sign of life more often. */
const SILENCE_MS = 90_000;
const LONGEST_MESSAGE = 4 * 1024 * 1024;

interface StreamOptions {
  /** Resumes after the event with this id. */
  lastEventId?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * One connection's server-sent events, which have to be read; they end when the server ends them or falls silent.
 *
 * @throws TartfleetError, or the reason of `signal`
 */
export async function openEventStream(
  target: Target,
  path: string,
  { lastEventId, signal }: StreamOptions,
): Promise<AsyncGenerator<EventSourceMessage, void>> {
  const over = new AbortController();
  const silence = setTimeout(() => over.abort(), SILENCE_MS);
  const call: Call = {
    method: "GET",
    path,
    headers: {
      accept: "text/event-stream",
      ...(lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) }),
    },
    signal,
  };
  try {
    const response = await send(target, call, signal ? AbortSignal.any([signal, over.signal]) : over.signal);
    return read(response, call, over);
  } finally {
    clearTimeout(silence);
  }
}

async function* read(
  { body }: Response,
  call: Call,
  over: AbortController,
): AsyncGenerator<EventSourceMessage, void> {
  const die = () => over.abort();
  let silence = setTimeout(die, SILENCE_MS);
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    maxBufferSize: LONGEST_MESSAGE,
    onEvent: (message) => messages.push(message),
  });
  try {
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) return;
      clearTimeout(silence);
      silence = setTimeout(die, SILENCE_MS);
      parser.feed(piece.value);
      yield* messages.splice(0);
    }
  } catch (error) {
    if (call.signal?.aborted || !over.signal.aborted) throw failureOf(error, call);
  } finally {
    clearTimeout(silence);
    // Whoever stops reading has no use for the connection.
    over.abort();
  }
}
