import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

/** One line of a program's structured log. */
export interface LogLine {
  msg: string;
  [field: string]: unknown;
}

/** The log line that a line of output is, or undefined when it is something else. */
export function parseLogLine(text: string): LogLine | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isLogLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLogLine(value: unknown): value is LogLine {
  return typeof value === "object" && value !== null && "msg" in value && typeof value.msg === "string";
}

/** What a process has logged so far, and what it will. */
export interface LogFollower {
  /** The first line, past or to come, that matches; undefined when the output ended without one. */
  first(matches: (line: LogLine) => boolean): Promise<LogLine | undefined>;
}

export function followLog(outputs: readonly Readable[]): LogFollower {
  const seen: LogLine[] = [];
  const waiting = new Set<(line: LogLine) => void>();
  const ended = Promise.all(
    outputs.map(async (output) => {
      for await (const text of createInterface({ input: output, crlfDelay: Infinity })) {
        const line = parseLogLine(text);
        if (line === undefined) continue;
        seen.push(line);
        for (const tell of waiting) tell(line);
      }
    }),
  );
  return {
    async first(matches) {
      const past = seen.find(matches);
      if (past) return past;
      const { promise, resolve } = Promise.withResolvers<LogLine | undefined>();
      const tell = (line: LogLine) => {
        if (matches(line)) resolve(line);
      };
      waiting.add(tell);
      void ended.then(() => resolve(undefined));
      try {
        return await promise;
      } finally {
        waiting.delete(tell);
      }
    },
  };
}
