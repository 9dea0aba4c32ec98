import { pino, type Logger } from "pino";
import type { Settings } from "../config/settings.ts";

/** What may wait for a reader of stdout; beyond it lines are dropped rather than the process held up. */
const WAITING_BYTES = 16 * 1024 * 1024;

export interface AgentLog {
  log: Logger;
  /** Writes what still waits, before the process ends. */
  flush(): void;
}

/** Opens the log: one JSON object a line, to stdout. */
export function openLog(level: Settings["logLevel"], host: string): AgentLog {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: WAITING_BYTES });
  const log = pino(
    {
      level,
      base: { host },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Nothing logs these; this is the second lock.
      redact: ["authorization", "token", "vmToken", "credential", "password"].flatMap((key) => [
        key,
        `*.${key}`,
        `*.*.${key}`,
      ]),
    },
    destination,
  );
  return {
    log,
    flush() {
      try {
        destination.flushSync();
      } catch {
        // It was not open yet: nothing was written.
      }
    },
  };
}
