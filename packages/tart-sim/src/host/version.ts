/** A release of tart, `2.35.0`. */
export type Version = readonly [major: number, minor: number, patch: number];

export const defaultVersion = "2.35.0";

/** Reads `2.35.0`; anything else (a locally built binary says `SNAPSHOT`) is undefined. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** First release with the behaviour, and the first without it again. Half-open, like the text of §0.2. */
type Range = readonly [from: string, before?: string];

/**
 * Where the contract does not know the release ("newer"), 2.41.0 is assumed: the first one that is
 * known to exist after those it describes.
 */
const UNKNOWN_NEWER = "2.41.0";

/** What differs between releases (tart-contract §0.2, §2.4, §2.5, §2.19, §13 version gates). */
const ranges = {
  /** `delete` of a running VM says that it does not exist, exit 2. */
  deleteLies: ["2.27.0", "2.40.0"],
  /** A control socket left by an earlier run is not removed before binding. */
  staleSocketStays: ["2.30.6", "2.36.1"],
  /** A control socket that cannot be bound ends the run. */
  socketFailureEndsRun: ["2.36.0", "2.36.1"],
  /** A control socket that does not work is told on stderr. */
  socketFailureIsTold: ["2.33.0"],
  /** Spaces or non-ASCII letters in TART_HOME or a name break the control socket. */
  socketPathMustBePlain: ["0.0.0", "2.36.1"],
  /** A client that vanishes before it was accepted ends the control socket. */
  acceptLoopDies: ["0.0.0", "2.40.0"],
  /** The binary does not start on macOS 15 and older. */
  abortsOnOldHost: ["2.35.0", "2.38.0"],
  /** `list` and `get` fail while a VM with an ASIF disk runs. */
  asifBlocksList: ["2.36.0", "2.39.0"],
  /** `Disk` is null for a running VM with an ASIF disk. */
  asifDiskIsNull: ["2.39.0"],
  /** `clone` refuses a name that exists, and knows `--overwrite`. */
  cloneRefusesExisting: [UNKNOWN_NEWER],
  /** `clone` and `rename` refuse the name of a running VM. */
  refusesRunningTarget: [UNKNOWN_NEWER],
  /** One more line when a run is stopped. */
  identityServiceLine: [UNKNOWN_NEWER],
  /** `run --no-usb-accessories` and `set --relocate-recovery`. */
  usbAndRecoveryFlags: ["2.40.0"],
  /** Text sizes carry units (`54 GB`). */
  humanSizes: ["2.36.0"],
  /** `list` has `Accessed`; before, `SizeOnDisk`. */
  listHasAccessed: ["2.31.0"],
  getHasDiskFormat: ["2.28.0"],
  hasExec: ["2.27.0"],
  hasAgentResolver: ["2.28.0"],
  hasPruneLimit: ["2.28.5"],
  hasPointerFlags: ["2.29.0"],
  hasSoftnetBlock: ["2.30.0"],
  hasSoftnetControlFd: ["2.34.0"],
  hasProvisioningOpts: ["2.35.0"],
} as const satisfies Record<string, Range>;

export type Quirk = keyof typeof ranges;

export interface Quirks {
  has(quirk: Quirk): boolean;
}

function inRange(version: Version, [from, before]: Range): boolean {
  const first = parseVersion(from) ?? [0, 0, 0];
  const end = before === undefined ? undefined : parseVersion(before);
  return compareVersions(version, first) >= 0 && (end === undefined || compareVersions(version, end) < 0);
}

/** The quirks of a release. A name that is no release number behaves as the newest. */
export function quirksOf(version: string): Quirks {
  const parsed = parseVersion(version) ?? [Number.MAX_SAFE_INTEGER, 0, 0];
  return { has: (quirk) => inRange(parsed, ranges[quirk]) };
}

/** Options that a release does not know yet; they are then unknown to the parser. */
export const optionGates: Readonly<Record<string, Quirk>> = {
  "clone --overwrite": "cloneRefusesExisting",
  "clone --prune-limit": "hasPruneLimit",
  "run --no-pointer": "hasPointerFlags",
  "run --no-keyboard": "hasPointerFlags",
  "run --net-softnet-block": "hasSoftnetBlock",
  "run --net-softnet-control-fd": "hasSoftnetControlFd",
  "run --provisioning-opts": "hasProvisioningOpts",
  "run --no-usb-accessories": "usbAndRecoveryFlags",
  "set --relocate-recovery": "usbAndRecoveryFlags",
};
