import { readdir, readFile, readlink } from "node:fs/promises";
import { execa } from "execa";

/** What sets a lab's processes apart from everything else on the machine. */
export interface Marker {
  /** In the environment of every process, as `TF_LAB=<id>`. Not `TARTFLEET_…`: agents keep those to themselves. */
  id: string;
  /** The lab's directory: guests have an environment of their own, but their files are in here. */
  dir: string;
}

export const MARKER_VARIABLE = "TF_LAB";

/** Name of the program that clears up after a lab that was killed; it is not part of the lab. */
export const UNDERTAKER = "undertaker.ts";

/** A process as it is shown to people. */
export interface FoundProcess {
  pid: number;
  command: string;
}

/** Every process of the lab, whoever its parent is by now; not the one that asks. */
export async function findProcesses(marker: Marker): Promise<FoundProcess[]> {
  const found = process.platform === "linux" ? await fromProc(marker) : await fromPs(marker);
  return found.filter(({ pid, command }) => pid !== process.pid && !command.includes(UNDERTAKER));
}

async function fromProc(marker: Marker): Promise<FoundProcess[]> {
  const entries = await readdir("/proc");
  const ownMounts = await readlink("/proc/self/ns/mnt");
  const seen = await Promise.all(
    entries.filter((name) => /^\d+$/.test(name)).map((pid) => lookAt(pid, marker, ownMounts)),
  );
  return seen.filter((process) => process !== undefined);
}

/** A process may end while it is looked at: what cannot be read belongs to nobody. */
async function lookAt(
  pid: string,
  { id, dir }: Marker,
  ownMounts: string,
): Promise<FoundProcess | undefined> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const link = (file: string) => readlink(`/proc/${pid}/${file}`).catch(() => "");
  const command = (await read("cmdline")).replaceAll("\0", " ").trim();
  if (command === "") return undefined;
  const isOurs =
    command.includes(dir) ||
    `\0${await read("environ")}`.includes(`\0${MARKER_VARIABLE}=${id}\0`) ||
    isInside(await link("cwd"), dir) ||
    // A guest in a mount namespace of its own (bubblewrap) has the directory bound somewhere.
    ((await link("ns/mnt")) !== ownMounts && (await read("mountinfo")).includes(dir));
  return isOurs ? { pid: Number(pid), command } : undefined;
}

const isInside = (path: string, dir: string): boolean => path === dir || path.startsWith(`${dir}/`);

async function fromPs({ id, dir }: Marker): Promise<FoundProcess[]> {
  // -E adds the environment of those processes that are the user's own.
  const { stdout } = await execa("ps", ["-axwwE", "-o", "pid=,command="]);
  return stdout.split("\n").flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || command === undefined) return [];
    if (!command.includes(`${MARKER_VARIABLE}=${id}`) && !command.includes(dir)) return [];
    return [{ pid: Number(pid), command: command.split(/ [A-Z_]+=/, 1)[0] ?? command }];
  });
}

/** Kills every process of the lab, until none is found any more. */
export async function killProcesses(marker: Marker): Promise<void> {
  for (let look = 0; look < 20; look += 1) {
    const processes = await findProcesses(marker);
    if (processes.length === 0) return;
    for (const { pid } of processes) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
