import type { Writable } from "node:stream";
import type { NodeClient } from "@tartfleet/client/node";
import type { Settings } from "./settings.ts";

/** What every stage but config works with. */
export interface Stage {
  client: NodeClient;
  settings: Settings;
  env: NodeJS.ProcessEnv;
  /** The job's own output. */
  stdout: Writable;
  /** gitlab-runner wants it to end: the job was cancelled, or is out of time. */
  signal: AbortSignal;
  clock: Clock;
  /** A line of the job's log. */
  say: (line: string) => void;
}

/** Time, so that hours can pass in a test. Milliseconds. */
export interface Clock {
  now(): number;
  /** Rejects when the signal aborts. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}
