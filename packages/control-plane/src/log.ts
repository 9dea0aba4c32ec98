import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";
import type { Settings } from "./config/settings.ts";
import { openStdout } from "./stdout.ts";

/** Opens the log on stdout. Lines that nobody took are counted in a line of their own. */
export function openStdoutLog(level: Settings["logLevel"], waitingBytes?: number): Logger {
  const log: Logger = openLog(
    level,
    openStdout(
      (dropped) => log.warn({ dropped }, "log lines were dropped, since nobody took them"),
      waitingBytes,
    ),
  );
  return log;
}

/** Opens the log: one JSON object a line. */
export function openLog(level: Settings["logLevel"], destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      // Nothing logs these; this is the second lock.
      redact: ["authorization", "token", "credential"].flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
    },
    destination,
  );
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
