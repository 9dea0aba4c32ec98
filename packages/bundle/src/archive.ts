import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rename } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { create } from "tar";

/** Of every file in an archive: it must not depend on when that was made. */
const LONG_AGO = new Date("2000-01-01T00:00:00Z");

/**
 * Packs a folder, with its own name in front of every path. The same contents give the same bytes, by the same Node:
 * sorted, with nobody's name, of one date.
 */
export async function pack(folder: string, archive: string): Promise<void> {
  const parent = dirname(folder);
  const within = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = within.map((entry) => relative(parent, join(entry.parentPath, entry.name)));
  const draft = `${archive}.new`;
  await create(
    {
      cwd: parent,
      file: draft,
      gzip: true,
      portable: true,
      mtime: LONG_AGO,
      noDirRecurse: true,
      strict: true,
    },
    [basename(folder), ...paths.sort()],
  );
  await rename(draft, archive);
}

/** As `shasum -a 256` and `sha256sum` write it, and as both check it. */
export async function sumLine(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return `${hash.digest("hex")}  ${basename(path)}\n`;
}
