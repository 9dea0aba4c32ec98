import type { Readable, Writable } from "node:stream";

/** One command to run inside a guest. */
export interface GuestCommand {
  argv: readonly [string, ...string[]];
  stdin: Readable | null;
  stdout: Writable;
  stderr: Writable;
  /** Aborting kills the command (with its children). */
  signal: AbortSignal;
}

/** How a guest command ended; `not_found` carries Go's words for it (tart-contract §7). */
export type GuestExit =
  | { kind: "exited"; code: number }
  | { kind: "signaled" }
  | { kind: "not_found"; message: string };

export interface GuestSpec {
  /** VM name; the guest's hostname. */
  name: string;
  /** Absolute path of the VM's disk directory: a private copy of the image's, the root of the guest's filesystem. */
  diskDir: string;
  os: "darwin" | "linux";
  /** What `tart ip` answers for it. */
  ip: string;
  /** Simulated host directory (TART_SIM_HOST_DIR). */
  hostDir: string;
}

export interface RunningGuest {
  exec(command: GuestCommand): Promise<GuestExit>;
  /** Starts sshd (or the ssh stand-in); resolves when it accepts connections. */
  startSshd(): Promise<void>;
  /** Resolves when the guest has powered itself off (shutdown/halt/poweroff). */
  readonly poweredOff: Promise<void>;
  /** Power cut: every process of the guest is gone when this resolves. */
  powerOff(): Promise<void>;
}

export interface GuestEngine {
  readonly kind: "process" | "bwrap" | "netns";
  start(spec: GuestSpec): Promise<RunningGuest>;
}
