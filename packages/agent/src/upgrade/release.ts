/** An archive of the agent, as its name tells it, and what it must be. */
export interface SignedRelease {
  /** Of the archive's file. */
  file: string;
  /** Of the folder in the archive. */
  name: string;
  version: string;
  /** As `process.platform` and `process.arch` have it, e.g. `darwin-arm64`. */
  platform: string;
  /** Of the archive, in hex. */
  sha256: string;
}

/** As `shasum -a 256` writes it; versions and platforms are those of packages/bundle. */
const LINE =
  /^([0-9a-f]{64}) [ *]((tartfleet-agent-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)-([a-z]+-[a-z0-9]+))\.tar\.gz)$/;

/** The releases that a SHA256SUMS lists, which may list other files as well. */
export function releasesIn(sums: string): SignedRelease[] {
  return sums.split("\n").flatMap((line) => {
    const [, sha256 = "", file = "", name = "", version = "", platform = ""] = LINE.exec(line) ?? [];
    return sha256 === "" ? [] : [{ file, name, version, platform, sha256 }];
  });
}
