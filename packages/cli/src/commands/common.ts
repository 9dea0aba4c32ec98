import { InvalidArgumentError, Option } from "commander";
import { makeClient, type Client } from "../api/client.ts";
import type { Waiting } from "../api/plane.ts";
import { resolveConnection, type ConnectionFlags } from "../connection.ts";
import type { Context } from "../context.ts";
import { DURATION_FORM, parseDuration } from "../duration.ts";
import type { Style } from "../output/style.ts";
import { durationText } from "../output/time.ts";

export interface GlobalFlags extends ConnectionFlags {
  json?: true;
}

export interface PatienceFlags {
  /** Seconds. */
  reconnectFor: number;
}

export function connect(flags: GlobalFlags, context: Context, waiting?: Waiting): Client {
  return makeClient(resolveConnection(flags, context.env), waiting);
}

/** Answers on stdout: the document with `--json`, text for people without. */
export function reply(
  context: Context,
  { json }: GlobalFlags,
  document: unknown,
  text: (style: Style) => string,
): void {
  context.out.write(`${json ? JSON.stringify(document, null, 2) : text(context.out.style())}\n`);
}

/** Says something beside the answer, on stderr. */
export function note(context: Context, text: string): void {
  context.err.write(`${text}\n`);
}

/** Waiting through outages, telling of them once. */
export function waitingOf(context: Context, { reconnectFor }: PatienceFlags): Waiting {
  const retryForMs = reconnectFor * 1000;
  return {
    retryForMs,
    onLost: ({ message }) => note(context, `${message}; trying again for ${durationText(retryForMs)}…`),
    onBack: () => note(context, "The control plane answers again."),
  };
}

export function reconnectOption(): Option {
  return new Option("--reconnect-for <duration>", "how long to keep trying when the control plane is gone")
    .default(300, "5m")
    .argParser(duration);
}

/** For commander: a duration as seconds. */
export function duration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError(`It must be a duration like ${DURATION_FORM}.`);
  return seconds;
}

/** How `timeOf` takes times, for help and messages. */
export const TIME_FORM = "a duration like 2d, or a time like 2026-03-01T12:00:00Z";

/** For commander: a time, or how long ago it was, as ISO 8601. */
export function timeOf(text: string, now: number): string {
  const ago = parseDuration(text);
  const time = ago === undefined ? Date.parse(text) : now - ago * 1000;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new InvalidArgumentError(`It must be ${TIME_FORM}.`);
}

/** For commander: a whole number of at least 1. */
export function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number, 1 or more.");
}

/** For commander: an option that can be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** For commander: `key=value`, which can be given several times. */
export function label(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("It must be key=value.");
  return { ...before, [key]: value };
}
