/** Exit codes, after sysexits.h where it has one; 0 is a clean stop by a signal. */
export const EXIT = {
  /** What an upgrade is to be made of is not what was signed, or nobody who is trusted signed it. */
  notVerified: 65,
  /** What an upgrade is to be made of cannot be had. */
  noSource: 66,
  /** There is no such user. */
  noUser: 67,
  /** The control plane does not answer, or what answers is none. */
  noControlPlane: 68,
  /** A fault of the agent. */
  bug: 70,
  /** A program of macOS failed. */
  system: 71,
  /** tart is missing or does not work. */
  tart: 72,
  /** A file cannot be read or written. */
  files: 74,
  /** Another agent runs on this data folder. */
  alreadyRunning: 75,
  /** What answers did not prove to be the control plane. */
  notTrusted: 69,
  /** Agent and control plane speak different versions. */
  protocol: 76,
  /** The enrolment or the credential was refused. */
  refused: 77,
  /** Something about the settings or the data folder. */
  settings: 78,
  /** Another agent speaks for this host. */
  fenced: 79,
  /** The new version did not come up; the one before it runs again. */
  wentBack: 80,
  /** No version came up. */
  noneUp: 81,
  /** Only root may do that. */
  notRoot: 82,
  /** This Mac, as it is, cannot do that. */
  unfit: 83,
  /** VMs run that this would leave alone. */
  inUse: 84,
  /** Another version is installed. */
  otherVersion: 85,
} as const;

/** Why the agent cannot start or go on; the message says what to change. */
export class AgentStop extends Error {
  readonly exit: keyof typeof EXIT;

  constructor(exit: keyof typeof EXIT, message: string) {
    super(message);
    this.name = "AgentStop";
    this.exit = exit;
  }
}
