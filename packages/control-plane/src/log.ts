import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";
import type { Settings } from "./config/settings.ts";

/** What may wait for a reader of stdout; beyond it lines are dropped rather than the process held up. */
const WAITING_BYTES = 16 * 1024 * 1024;

/** Opens the log: one JSON object a line, to stdout. */
export function openLog(
  level: Settings["logLevel"],
  destination: DestinationStream = pino.destination({ dest: 1, sync: false, maxLength: WAITING_BYTES }),
): Logger {
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
