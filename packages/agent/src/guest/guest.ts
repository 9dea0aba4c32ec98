import type { Result } from "../tart/result.ts";

/**
 * `unreachable`: it certainly did not run. `outcome_unknown`: it may have run, wholly or in part; repeat
 * only what may be repeated. `timed_out` and `cancelled`: it was cut off on purpose.
 */
export type GuestFailureClass = "unreachable" | "refused" | "timed_out" | "cancelled" | "outcome_unknown";

export interface GuestFailure {
  class: GuestFailureClass;
  via: "exec" | "ssh";
  /** For people: what happened and what to do. */
  message: string;
  /** The last lines of what was said, bounded; no secrets. */
  output: string;
}

export interface GuestOutput {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface GuestRunOptions {
  /** Secrets go here, never into the script. */
  stdin?: string | Buffer | undefined;
  timeoutSeconds: number;
  signal: AbortSignal;
}

/** A way to run commands inside a VM. */
export interface Guest {
  readonly via: "exec" | "ssh";
  /** Runs a script by the guest's /bin/bash as the runner's user. The text is argv: it must hold no secret. */
  run(script: string, options: GuestRunOptions): Promise<Result<GuestOutput, GuestFailure>>;
}
