import { boardSchema, changesSchema, type Board, type Topic } from "@tartfleet/shared";
import type { z } from "zod";
import type { Client } from "./client.ts";
import { readEventStream } from "./event-stream.ts";
import { matches } from "./http.ts";
import type { Patience } from "./patience.ts";
import { notUnderstood } from "./refusals.ts";

export interface LiveOptions {
  patience: Patience;
  signal: AbortSignal;
}

/** The fleet's board: whole at each connection, then what changes on it; until the signal aborts. */
export function watchBoard(client: Client, options: LiveOptions): AsyncGenerator<Board, void> {
  return endlessStream(client, "/v1/fleet/board", boardSchema, options);
}

/** Says whenever something of these topics is to be read: at each connection and as it changes; until the signal aborts. */
export async function* watchTopics(
  client: Client,
  topics: readonly Topic[],
  options: LiveOptions,
): AsyncGenerator<void, void> {
  const wanted: ReadonlySet<string> = new Set(topics);
  for await (const changed of endlessStream(client, "/v1/fleet/changes", changesSchema, options))
    if (changed.topics.some((topic) => wanted.has(topic))) yield;
}

/** What a stream sends that never comes to its end, over as many connections as it takes. */
async function* endlessStream<S extends z.ZodType>(
  client: Client,
  path: string,
  schema: S,
  options: LiveOptions,
): AsyncGenerator<z.output<S>, void> {
  const { patience, signal } = options;
  while (!signal.aborted) {
    try {
      const stream = readEventStream(client.connection, path, { signal, onOpen: patience.answered });
      for await (const { data } of stream) {
        patience.progressed();
        yield messageOf(data, schema, `GET ${client.connection.url}${path}`);
      }
      await patience.pause();
    } catch (error) {
      if (!(await goesOn(error, options))) return;
    }
  }
}

/** Waits before the next try; false when nobody looks any more. Throws what will not pass. */
export async function goesOn(error: unknown, { patience, signal }: LiveOptions): Promise<boolean> {
  try {
    await patience.failed(error);
    return true;
  } catch (failure) {
    if (signal.aborted) return false;
    throw failure;
  }
}

function messageOf<S extends z.ZodType>(data: string, schema: S, target: string): z.output<S> {
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    message = undefined;
  }
  if (matches(schema, message)) return message;
  throw notUnderstood(target);
}
