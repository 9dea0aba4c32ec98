import type { AttemptError, AttemptRef, Bootstrap, GuestOs } from "@tartfleet/shared";
import type { Clock } from "../clock.ts";
import type { Guest } from "../guest/guest.ts";
import type { Journal } from "../journal/journal.ts";
import type { Answer } from "../link/control-plane.ts";
import type { Log } from "../log.ts";
import type { Limits } from "../reconcile/limits.ts";
import type { ScriptFacts, StepFailure } from "../reconcile/outcome.ts";
import type { Result } from "../tart/result.ts";
import type { Tart } from "../tart/tart.ts";

/** A running instance from which a guest is wanted. */
export interface GuestAddress {
  name: string;
  os: GuestOs | null;
  logPath: string;
}

interface Reached {
  guest: Guest;
  ip: string | null;
}

/** What is done inside guests. Everything stops when its signal is aborted. */
export interface Guests {
  /** Waits until the guest runs commands, at most for the budget. */
  reach(
    address: GuestAddress,
    options: { budgetMs: number; signal: AbortSignal },
  ): Promise<Result<Reached, AttemptError>>;
  /** Sets the guest up and starts its runner; doing it again does nothing. */
  provision(
    guest: Guest,
    subject: AttemptRef & { ip: string | null },
    bootstrap: Bootstrap,
    signal: AbortSignal,
  ): Promise<Result<void, StepFailure>>;
  /** How a script runner ended; null when that cannot be learned. */
  scriptResult(guest: Guest, signal: AbortSignal): Promise<ScriptFacts | null>;
  /** Asks the guest's own system to shut down; true when it agreed to. */
  requestShutdown(guest: Guest, signal: AbortSignal): Promise<boolean>;
}

/** The logs into which `tart run` writes, one an instance. */
export interface RunLogs {
  path(name: string): string;
  exists(name: string): Promise<boolean>;
  remove(name: string): Promise<void>;
}

/** Names of the images that the agent fetched, kept over restarts. Both may throw. */
export interface PulledImages {
  load(): Promise<readonly string[]>;
  save(references: readonly string[]): Promise<void>;
}

export interface HostParts {
  pulledImages: PulledImages;
  tart: Tart;
  guests: Guests;
  runLogs: RunLogs;
  journal: Journal;
  bootstrap(attempt: AttemptRef, signal: AbortSignal): Promise<Answer<Bootstrap>>;
  clock: Clock;
  random: () => number;
  log: Log;
  limits: Limits;
  timing: HostTiming;
}

/** Pauses and grace of the host's own work, in milliseconds. */
export interface HostTiming {
  /** Between two looks when nothing happens. */
  lookMs: number;
  /** How old the list of images may be. */
  imagesMs: number;
  /** How long a guest that was asked to shut down is given. */
  shutdownMs: number;
  /** How long a signalled or stopped run is given to end. */
  signalMs: number;
  /** How long a guest is tried to be reached on the way down. */
  lastWordMs: number;
}

export const DEFAULT_TIMING: HostTiming = {
  lookMs: 3000,
  imagesMs: 30_000,
  shutdownMs: 20_000,
  signalMs: 5000,
  lastWordMs: 10_000,
};
