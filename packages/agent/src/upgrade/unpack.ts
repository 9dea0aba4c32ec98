import { execa } from "execa";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { extract } from "tar";
import { writeFileDurably } from "../journal/durable-file.ts";
import { AgentStop } from "../process/exit.ts";
import type { SignedRelease } from "./release.ts";

/** Beside a version's folder, which holds what its archive held and nothing else: the sum of that archive. */
const sumBeside = (folder: string): string => `${folder}.sha256`;

/** The SHA-256 of the archive that a version was unpacked from; undefined when it came in another way. */
export async function archiveOf(folder: string): Promise<string | undefined> {
  const text = await readFile(sumBeside(folder), "utf8").catch(() => undefined);
  return text?.trim();
}

/** Whom a new version's program is tried as. */
export interface Someone {
  uid: number;
  gid: number;
}

/**
 * Unpacks a verified archive and tries it. The folder is there when all of it is, and only then.
 *
 * @throws AgentStop when the archive is not what its name says, or its program does not run here
 */
export async function unpack(
  archive: string,
  release: SignedRelease,
  folder: string,
  someone: Someone,
): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o755 });
  try {
    await extractInto(partial, archive, release.name);
  } catch (error) {
    throw new AgentStop("notVerified", `${release.file} cannot be unpacked: ${String(error)}`);
  }
  await assertRuns(partial, release, someone);
  await writeFileDurably(sumBeside(folder), `${release.sha256}\n`);
  await flush(partial);
  await rename(partial, folder);
  await flushOne(dirname(folder));
}

/** Takes files and folders below the one that the archive is named after; with anything else in it, it is no bundle. */
async function extractInto(partial: string, archive: string, name: string): Promise<void> {
  const strange: string[] = [];
  await extract({
    file: archive,
    cwd: partial,
    strip: 1,
    strict: true,
    preserveOwner: false,
    filter(path, entry) {
      const isPlain = "type" in entry && (entry.type === "File" || entry.type === "Directory");
      const words = path.replace(/\/$/, "").split("/");
      const isBelow =
        words[0] === name && words.every((word) => word !== "" && word !== "." && word !== "..");
      if (!isPlain || !isBelow) strange.push(path);
      return isPlain && isBelow;
    },
  });
  if (strange.length > 0) throw new Error(`${JSON.stringify(strange[0])} does not belong into a bundle`);
}

async function assertRuns(folder: string, release: SignedRelease, { uid, gid }: Someone): Promise<void> {
  const version = (await readFile(join(folder, "VERSION"), "utf8").catch(() => "")).trim();
  const asThem = process.geteuid?.() === 0 ? { uid, gid } : {};
  const ran = await execa(join(folder, "bin/tartfleet-agent"), ["--version"], {
    cwd: "/",
    timeout: 60_000,
    reject: false,
    ...asThem,
  });
  if (ran.exitCode === 0 && ran.stdout === release.version && version === release.version) return;
  const said = [ran.stdout, ran.stderr].join("\n").trim().split("\n").at(-1);
  throw new AgentStop(
    "notVerified",
    `${release.file} is not usable here: its --version says ${JSON.stringify(said || ran.message)}, its VERSION ${JSON.stringify(version)}`,
  );
}

/** Resolves when everything in the folder survives a power loss. */
async function flush(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) await flushOne(join(entry.parentPath, entry.name));
  await flushOne(folder);
}

async function flushOne(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
