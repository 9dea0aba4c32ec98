import type { GuestOs } from "@tartfleet/shared";
import type { DeathPoint } from "../world/process.ts";
import type { Place } from "../world/network.ts";
import type { PersonAct, TEAMS } from "./person.ts";
import type { Size } from "./wishes.ts";

/** How a runner and its guest behave once they have been set up. */
export const RUNNER_MODES = [
  /** Tells of its job, announces its end, exits, says so. */
  "good",
  /** Exits without ever having had a job. */
  "no_job",
  /** Never calls; the guest stays up. */
  "silent",
  /** Says everything twice. */
  "twice",
  /** Speaks for another VM with its own token, then as it should. */
  "stranger",
  /** Calls with another VM's job id first. */
  "wrong_job",
  /** Powers the guest off when the job is over, and says nothing. */
  "power_off",
  /** A job without an end. */
  "hang",
  /** The guest crashes in the middle of the job. */
  "crash",
] as const;
type RunnerMode = (typeof RUNNER_MODES)[number];

/** One VM that a client asks for. */
export interface Job {
  n: number;
  os: GuestOs;
  runner: "github" | "script" | null;
  ttlSeconds: number;
  mode: RunnerMode;
  /** From the runner's start until it has a job. */
  idleMs: number;
  jobMs: number;
  /** Whose token asks for it; without one, a token of no team. */
  team?: (typeof TEAMS)[number];
  priority?: "release" | "batch";
  size?: Size;
  queueTimeoutSeconds?: number;
  /** How long its runner may wait for a job; 0 for ever. */
  noJobSeconds?: number;
  /** It asks for the channel instead of an image. */
  isOfChannel?: true;
}

/** What a host's tart, disk or guests can do wrong, each for a while and with a probability. */
export const HOST_FAULTS = [
  "list_fails",
  "list_says_stopped",
  "pull_slow",
  "pull_stalls",
  "pull_unauthorized",
  "pull_not_found",
  "pull_unavailable",
  "clone_fails",
  "clone_hangs",
  "disk_full",
  "configure_fails",
  "run_refused",
  "run_dies",
  "guest_silent",
  "exec_lost",
  "provision_fails",
  "shutdown_ignored",
  "stop_hangs",
  "delete_fails",
  "journal_fails",
  /** Everything on the host takes ten times as long. */
  "all_slow",
  /** tart answers with an old list. */
  "list_stale",
  "list_garbage",
  /** tart lies: exit 0 and nothing was done, or exit 1 and it was. */
  "clone_lies",
  "clone_done_fails",
  "run_done_fails",
  "stop_lies",
  "stop_done_fails",
  "delete_lies",
  "delete_done_fails",
] as const;
export type HostFault = (typeof HOST_FAULTS)[number];

/** What the database's disk does for a while; a broken one fails one commit, and it is not said which way. */
export const DATABASE_FAULTS = ["full", "busy", "broken"] as const;
export type DatabaseFault = (typeof DATABASE_FAULTS)[number];

/** What somebody tries with a credential that is not theirs, or that is not good for it. */
export const THEFTS = [
  "guest_ends_other",
  /** The token of a VM that has ended. */
  "former_guest_tells",
  "guest_creates",
  "guest_makes_token",
  "viewer_ends",
  "other_team_ends",
  "enrols_once_too_often",
  /** Another machine under the name of one that is enrolled. */
  "enrols_as_another",
  "host_reports_other",
  "host_takes_secrets",
  "host_ends_vm",
  "host_on_other_machine",
  "revoked_credential",
] as const;
export type Theft = (typeof THEFTS)[number];

/** `control-plane`, or a host's agent by its number. */
export type Who = "control-plane" | number;

export const IMAGE_WISHES = ["prepull", "pin", "prune"] as const;

export type Action =
  | { kind: "create"; job: Job }
  | { kind: "client_ends"; n: number }
  /** A client wants a VM to stay for so long, whatever ends it. */
  | { kind: "client_holds"; n: number; ms: number }
  | { kind: "crash"; who: Who; point: DeathPoint | null; downMs: number; isReset: boolean }
  | { kind: "stop_process"; who: Who; ms: number }
  | { kind: "cut"; from: Place; to: Place; bothWays: boolean; ms: number }
  | { kind: "reset"; host: number }
  | { kind: "half_open"; host: number }
  | { kind: "slow"; place: Place; factor: number; ms: number }
  | { kind: "repeat_reports"; host: number; ms: number }
  | { kind: "repeat_requests"; ms: number }
  | { kind: "backup" }
  | { kind: "restore"; downMs: number }
  | { kind: "host_dies"; host: number; downMs: number; foreign: boolean; losesJournal: boolean }
  | { kind: "foreign_vm"; host: number; ms: number }
  | { kind: "leaked_slot"; host: number; ms: number }
  | { kind: "host_fault"; host: number; fault: HostFault; chance: number; ms: number }
  | { kind: "guest_crash"; host: number }
  | { kind: "clock_jump"; who: Who; ms: number }
  | { kind: "second_agent"; host: number; ms: number }
  | { kind: "database_fault"; fault: DatabaseFault; ms: number }
  | { kind: "theft"; theft: Theft }
  | { kind: "host_erased"; host: number; downMs: number }
  /** A person cordons a host, which ends by itself. */
  | { kind: "cordon"; host: number; ms: number }
  /** Somebody keeps VMs warm for a while, of one of the images that are asked for. */
  | { kind: "pool"; image: number; minIdle: number; ms: number }
  /** A person has hosts fetch an image that no VM asks for, keep one that they do, or remove all that nobody needs. */
  | { kind: "images"; wish: (typeof IMAGE_WISHES)[number] }
  | PersonAct;

export interface PlannedAction {
  /** Milliseconds of true time. */
  at: number;
  action: Action;
}

/** Everything that is done to a fleet in one run. With the seed it makes the whole run. */
export interface Plan {
  hosts: number;
  actions: readonly PlannedAction[];
  /** When all faults stop. */
  calmAt: number;
}

export function describe(action: Action): string {
  const { kind, ...rest } = action;
  return `${kind} ${JSON.stringify(rest)}`;
}
