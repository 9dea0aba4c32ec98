import { mkdtemp, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Installed } from "../installed.ts";
import { AgentStop } from "../process/exit.ts";
import { releasesIn, type SignedRelease } from "./release.ts";
import type { Source } from "./source.ts";
import { archiveOf, unpack, type Someone } from "./unpack.ts";
import { assertSigned, assertSum } from "./verify.ts";
import type { Versions } from "./versions.ts";

interface Fetch {
  source: Source;
  installed: Installed;
  versions: Versions;
  someone: Someone;
  /** Of this host, e.g. `darwin-arm64`. */
  platform: string;
  say(line: string): void;
}

/**
 * Brings a signed release to its folder among the versions. What is verified is a copy of our own, so that nobody can
 * change it between the look and the use. A version that is there already is not fetched again.
 *
 * @returns its version
 * @throws AgentStop when it cannot be had, is not signed, or is not what was signed
 */
export async function fetchRelease({
  source,
  installed,
  versions,
  someone,
  platform,
  say,
}: Fetch): Promise<string> {
  const incoming = await mkdtemp(join(dirname(installed.versions), INCOMING));
  try {
    const sums = join(incoming, "SHA256SUMS");
    await source.bring("SHA256SUMS", sums);
    await source.bring("SHA256SUMS.sig", `${sums}.sig`);
    const signer = await assertSigned(sums, installed.allowedSigners);
    const release = choose(releasesIn(await readFile(sums, "utf8")), source.archive, platform);
    say(`${release.version} is signed by ${signer}`);
    const folder = versions.folder(release.version);
    if ((await versions.names()).includes(release.version)) {
      const archive = await archiveOf(folder);
      if (archive === undefined || archive === release.sha256) return release.version;
      const message = `${folder} is another build of ${release.version}; a version is one build for ever: release it under another`;
      throw new AgentStop("notVerified", message);
    }
    const archive = join(incoming, release.file);
    await source.bring(release.file, archive);
    await assertSum(archive, release.sha256);
    await unpack(archive, release, folder, someone);
    say(`${release.version} is unpacked, and its program starts`);
    return release.version;
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

/** Prefix of the folders of what is being fetched; one that is left is of an upgrade that was killed. */
export const INCOMING = "incoming-";

function choose(
  releases: readonly SignedRelease[],
  archive: string | undefined,
  platform: string,
): SignedRelease {
  const fitting = releases.filter(({ file, platform: its }) =>
    archive === undefined ? its === platform : file === archive && its === platform,
  );
  const [first] = fitting;
  if (first && fitting.length === 1) return first;
  const listed = `SHA256SUMS lists ${releases.map(({ file }) => file).join(", ") || "no release"}`;
  throw new AgentStop(
    "noSource",
    first
      ? `${listed}; name the archive that you mean`
      : `${listed}, of which none is ${archive === undefined ? "" : `${archive} and `}for ${platform}`,
  );
}
