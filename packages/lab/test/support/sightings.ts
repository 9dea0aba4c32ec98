import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findNeedles, type Needle } from "./needles.ts";

/** A secret that was seen somewhere. */
export interface Sighting {
  /** Like `/proc/17/cmdline of node …` or a path in the lab. */
  where: string;
  what: string;
}

/** Every file under a directory that holds a needle now. Files that go away meanwhile hold none. */
export async function inFiles(
  needles: readonly Needle[],
  root: string,
  skip: (path: string) => boolean,
): Promise<Sighting[]> {
  const found: Sighting[] = [];
  const walk = async (directory: string): Promise<void> => {
    const entries = await readdir(join(root, directory), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(directory, entry.name);
      if (skip(path)) continue;
      if (entry.isDirectory()) await walk(path);
      if (!entry.isFile()) continue;
      const content = await readFile(join(root, path)).catch(() => Buffer.alloc(0));
      found.push(...findNeedles(needles, content).map((what) => ({ where: path, what })));
    }
  };
  await walk("");
  return found;
}

/** What a process shows to every other process of its user. */
interface Shown {
  pid: string;
  argv: Buffer;
  environment: Buffer;
}

async function everyProcess(): Promise<Shown[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const read = (path: string) => readFile(path).catch(() => Buffer.alloc(0));
  return Promise.all(
    pids.map(async (pid) => {
      const [argv, environment] = await Promise.all([
        read(`/proc/${pid}/cmdline`),
        read(`/proc/${pid}/environ`),
      ]);
      return { pid, argv, environment };
    }),
  );
}

/** Between two looks: what is shown for less long may be missed, and more would starve those who are looked at. */
const PAUSE_MS = 20;

/** What the processes of this machine showed of the needles over a time. */
export interface ProcessWatch {
  /** Resolves when every process has been looked at once more. */
  looked(): Promise<void>;
  /** Ends the watch. `inGuests`: names of variables in which guests' own processes held a needle. */
  stop(): Promise<{ leaks: Sighting[]; inGuests: string[] }>;
}

/**
 * Looks at argv and environment of every process of this machine, whosever it is, again and again.
 *
 * @param needles asked at every look: some secrets are made only while the fleet runs
 * @param guestsOwn variables that guests' processes may have a needle in
 */
export function watchProcesses(
  needles: () => readonly Needle[],
  guestsOwn: ReadonlySet<string>,
): ProcessWatch {
  const leaks = new Map<string, Sighting>();
  const inGuests = new Set<string>();
  const over = new AbortController();

  function note(where: string, shown: Buffer): void {
    for (const what of findNeedles(needles(), shown)) leaks.set(where, { where, what });
  }
  async function look(): Promise<void> {
    for (const { pid, argv, environment } of await everyProcess()) {
      const of = `/proc/${pid} of ${argv.toString("latin1").replaceAll("\0", " ").slice(0, 60)}`;
      note(`${of}: argv`, argv);
      if (findNeedles(needles(), environment).length === 0) continue;
      const entries = environment.toString("latin1").split("\0");
      const isGuest = entries.some((entry) => /^HOME=.*\/Users\/admin$/.test(entry));
      for (const entry of entries) {
        const name = entry.slice(0, entry.indexOf("="));
        const shown = Buffer.from(entry, "latin1");
        if (!isGuest || !guestsOwn.has(name)) note(`${of}: environment`, shown);
        else if (findNeedles(needles(), shown).length > 0) inGuests.add(name);
      }
    }
  }
  const watching = (async () => {
    while (!over.signal.aborted) {
      await look();
      await wait(PAUSE_MS);
    }
  })();
  return {
    looked: look,
    async stop() {
      over.abort();
      await watching;
      return { leaks: [...leaks.values()], inGuests: [...inGuests].sort() };
    },
  };
}
