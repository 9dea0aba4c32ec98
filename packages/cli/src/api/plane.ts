import {
  createClient,
  type Client as Plane,
  type Operation,
  type RequestArguments,
  type TartfleetError,
} from "@tartfleet/client";
import { trustingFetch } from "@tartfleet/client/transport";
import type { z } from "zod";
import type { CliError } from "../cli-error.ts";
import type { Connection } from "../connection.ts";
import { cliErrorOf, notUnderstood, translated } from "./errors.ts";

/** How it is waited out that the control plane is away. Without, what fails is told at once. */
export interface Waiting {
  retryForMs: number;
  /** Told once when it is gone and once when it is back. */
  onLost: (error: CliError) => void;
  onBack: () => void;
  /** Ends every call. */
  signal?: AbortSignal;
}

/**
 * The control plane as the client reaches it; its answers are checked, because another version, or something else, may
 * stand there, and are passed on as they came, with whatever a newer one adds. Failures are CliErrors.
 */
export function makePlane({ url, token, trust }: Connection, waiting?: Waiting) {
  const plane = createClient({
    url,
    token,
    fetch: trustingFetch(trust),
    // Of a control plane that never answered, the URL is wrong.
    failFast: true,
    retryForMs: 0,
    ...(waiting && { ...waiting, onLost: (error: TartfleetError) => waiting.onLost(translated(error, url)) }),
  });

  /** What the client answers. */
  async function checked<S extends z.ZodType>(
    schema: S,
    call: (plane: Plane) => Promise<unknown>,
  ): Promise<z.output<S>> {
    let body: unknown;
    try {
      body = await call(plane);
    } catch (error) {
      throw cliErrorOf(error, url);
    }
    if (matches(schema, body)) return body;
    throw notUnderstood(url);
  }

  /** What the client brings, one after the other. */
  async function* checkedAll<S extends z.ZodType>(
    schema: S,
    messages: AsyncGenerator<unknown, void>,
  ): AsyncGenerator<z.output<S>, void> {
    try {
      for await (const message of messages) {
        if (!matches(schema, message)) throw notUnderstood(url);
        yield message;
      }
    } catch (error) {
      throw cliErrorOf(error, url);
    }
  }

  return {
    plane,
    checked,
    checkedAll,
    ask: <O extends Operation, S extends z.ZodType>(
      schema: S,
      operation: O,
      ...asked: RequestArguments<O>
    ): Promise<z.output<S>> => checked(schema, () => plane.request(operation, ...asked)),
  };
}

export type CheckedPlane = ReturnType<typeof makePlane>;

/** A type guard, so that the body is passed on as it is. */
function matches<S extends z.ZodType>(schema: S, value: unknown): value is z.output<S> {
  return schema.safeParse(value).success;
}
