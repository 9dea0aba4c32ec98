import type { GuestOs, RUN_END_CAUSES, RunOptions } from "@tartfleet/shared";
import type { Attached } from "./attach.ts";
import type { TartFailureClass } from "./failure-classes.ts";
import type { Result } from "./result.ts";

/** An expected failure of one tart command. Holds no secret; paths under TART_HOME are shortened. */
export interface TartFailure {
  class: TartFailureClass;
  /** The subcommand, e.g. "clone". */
  command: string;
  exitCode: number | null;
  signal: string | null;
  /** The last lines that the command printed, at most 4 KiB. */
  output: string;
  /** For people: what happened and what to do. */
  message: string;
  /** What is behind it, for a machine, where more is known than tart says: `aws_access_denied`. */
  cause?: string;
}

export type TartResult<T> = Result<T, TartFailure>;

export interface TartVm {
  name: string;
  state: "running" | "stopped" | "suspended";
}

export interface TartImage {
  /** As tart lists it: host/namespace:tag or host/namespace@sha256:hex; a tagged image appears under both. */
  reference: string;
  /** Allocated size in units of 10^9 bytes. */
  sizeGb: number;
  /** sha256:hex; undefined when it cannot be told. */
  digest?: string | undefined;
  /** When tart last used it, ISO 8601; undefined before tart 2.31. */
  lastUsedAt?: string | undefined;
}

/** How a `tart run` process ended; both null when nobody remembers. */
export interface RunExit {
  exitCode: number | null;
  signal: string | null;
}

/** A live `tart run` process: it *is* the VM (tart-contract §0.1). */
export interface RunHandle {
  readonly pid: number;
  /** Together with the pid names the process for good: equal after an agent restart, never equal for a reused pid. */
  readonly startedAt: string;
  /** Sends the signal if the process is still this one; false when it is gone. */
  signal(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<boolean>;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<RunExit>;
}

export interface RunEnd {
  cause: (typeof RUN_END_CAUSES)[number];
  /** The last part of the log, at most 8192 characters. */
  logTail: string;
  /** Set when the log or the exit says that the run failed (limit reached, start refused, softnet…). */
  failure: TartFailure | null;
}

interface ExecOutput {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** What this exit means if it was tart's and not the guest program's: the two look the same. */
  suspicion: TartFailure;
}

/** What the control socket of a running VM says to one careful connection (tart-contract §7). */
export type AgentProbe = "answers" | "closed" | "absent";

/** How far a pull is, and how many bytes are to be fetched, compressed, as far as tart has said. */
export type OnPulled = (percent: number, totalBytes?: number) => void;

/**
 * The `tart` CLI. Every call has a time limit and a typed outcome; none of them throws for what tart does.
 */
export interface Tart {
  version(): Promise<TartResult<string>>;
  /** All local VMs, foreign ones too. What cannot be understood is a failure, never "empty". */
  listLocal(): Promise<TartResult<TartVm[]>>;
  listImages(): Promise<TartResult<TartImage[]>>;
  os(name: string): Promise<TartResult<GuestOs>>;
  /**
   * One pull at a time; waits its turn. Ends with STALLED after five minutes without a sign of progress (or
   * `leastStallMs`, where that is longer), is repeated at once after a network failure, while the partial data is still there.
   */
  pull(
    image: string,
    options: { onProgress: OnPulled; signal: AbortSignal; leastStallMs?: () => number },
  ): Promise<TartResult<void>>;
  /** The digest (sha256:hex) of a cached image. */
  digest(image: string): Promise<TartResult<string>>;
  /** From the cache, or with a pull by tart itself when the image is not there. */
  clone(image: string, name: string, options: { signal: AbortSignal }): Promise<TartResult<void>>;
  /** Always with a new random MAC address. A disk only ever grows; a size it already has is left alone. */
  configure(
    name: string,
    size: {
      cpu?: number | undefined;
      memoryMiB?: number | undefined;
      diskGiB?: number | undefined;
      display?: string | undefined;
    },
  ): Promise<TartResult<void>>;
  /**
   * Starts the VM in a session of its own, output to `logPath` (emptied first), and answers as soon as the
   * process exists. That the VM really started shows in the log and in the process staying alive.
   */
  run(name: string, options: { run: RunOptions; logPath: string }): Promise<TartResult<RunHandle>>;
  /**
   * The live `tart run` process of a VM: the one that is known by pid and start, or else found among the
   * processes by its name. Undefined when there is none.
   */
  findRun(name: string, known?: { pid: number; startedAt: string }): Promise<RunHandle | undefined>;
  /** How the VM's last run exited, also while no agent was there; undefined when nobody remembers. */
  runExit(name: string): Promise<RunExit | undefined>;
  /** Forgets the VM's last run, which has ended and was reported. */
  forgetRun(name: string): Promise<void>;
  /** Removes what earlier agents left of the runs of all VMs but these. */
  sweepRuns(names: ReadonlySet<string>): Promise<void>;
  /** How a run ended, from its log and, when known, its exit. */
  runEnd(logPath: string, exit?: RunExit): Promise<RunEnd>;
  /** One try to learn the private IPv4; `agent` asks the guest agent and needs it to be up. */
  ip(
    name: string,
    options: { signal: AbortSignal; resolver?: "dhcp" | "agent" | undefined },
  ): Promise<TartResult<string>>;
  /** A power cut: SIGINT to the run, SIGKILL after the time-out. Success when it was not running. */
  stop(name: string, options?: { timeoutSeconds?: number }): Promise<TartResult<void>>;
  /** Success only when the VM is no longer listed. */
  delete(name: string): Promise<TartResult<void>>;
  /**
   * Removes a cached image's name, and the image with its last one unless it was fetched by its digest. Success when
   * it was not there.
   */
  deleteImage(reference: string): Promise<TartResult<void>>;
  /** Runs a program in the guest. A control channel only: its output may be lost, its outcome unknown. */
  exec(
    name: string,
    argv: readonly string[],
    options: { stdin?: string | Buffer | undefined; timeoutSeconds: number; signal: AbortSignal },
  ): Promise<TartResult<ExecOutput>>;
  /** Asks the control socket whether the guest agent listens, without the harm an impatient `exec` does. */
  probeAgent(name: string, options: { signal: AbortSignal }): Promise<AgentProbe>;
  /** True when the run's log says that its control socket is dead for good: only ssh can help. */
  execIsDead(logPath: string): Promise<boolean>;
}

/** A tart whose guests' programs can be spoken with while they run. */
export interface AttachingTart extends Tart {
  /** Runs a program in the guest with its streams open, for as long as the signal lets it. */
  attach(name: string, argv: readonly string[], signal: AbortSignal): Promise<Attached>;
}
