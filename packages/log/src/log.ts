import { pino } from "pino";
import type { DestinationStream, LevelWithSilent, Logger } from "pino";
import { openStdout } from "./stdout.ts";

export type { Logger } from "pino";

export interface LogOptions {
  level: LevelWithSilent;
  /** What stands in every line. */
  base?: Readonly<Record<string, string>> | undefined;
}

/** For the last lines to go out when a program ends. */
const LAST_LINES_MS = 1000;

/** Opens a program's log on stdout. Lines that nobody took are counted in a line of their own. */
export function openStdoutLog(options: LogOptions, waitingBytes?: number): Logger {
  const log: Logger = openLog(
    options,
    openStdout(
      (dropped) => log.warn({ dropped }, "log lines were dropped, since nobody took them"),
      waitingBytes,
    ),
  );
  return log;
}

/** Opens a log: one JSON object a line. */
export function openLog({ level, base }: LogOptions, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: base ?? null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      // Nothing logs these, and what is a `Secret` by its type shows nothing anyway; this is the second lock.
      redact: ["authorization", "token", "vmToken", "credential", "password"].flatMap((key) => [
        key,
        `*.${key}`,
        `*.*.${key}`,
      ]),
    },
    destination,
  );
}

/** Exits when the log is out; soon when nobody takes it. */
export function exitLogged(log: Logger, code: number): void {
  setTimeout(() => process.exit(code), LAST_LINES_MS);
  log.flush(() => process.exit(code));
}

/** An error without its own properties: those may hold a statement's parameters or a request. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...("code" in error ? { code: String(error.code) } : {}),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
