import { execa } from "execa";
import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";

/**
 * A process id alone names a process only until it is reused; together with the time of its start it does for
 * good. Linux tells that in /proc (ticks since a named boot), macOS by `ps` (to the second).
 */
export interface SeenProcess {
  pid: number;
  startedAt: string;
  argv: readonly string[];
}

const onLinux = process.platform === "linux";

/** The live process with this id, or undefined. A zombie is not alive. */
export async function seeProcess(pid: number): Promise<SeenProcess | undefined> {
  return onLinux ? await seeByProc(pid) : (await seeByPs(["-p", String(pid)]))[0];
}

/** The live processes of a tart command whose last word is a VM's name, found by their command lines. */
export async function seeTart(command: "run" | "clone", name: string): Promise<SeenProcess[]> {
  return (await seeAll()).filter(({ argv }) => {
    const at = argv.indexOf(command);
    return at > 0 && basename(argv[at - 1] ?? "") === "tart" && argv.at(-1) === name;
  });
}

async function seeAll(): Promise<SeenProcess[]> {
  if (!onLinux) return await seeByPs(["-ax"]);
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const seen = await Promise.all(pids.map((pid) => seeByProc(Number(pid))));
  return seen.filter((process) => process !== undefined);
}

async function seeByProc(pid: number): Promise<SeenProcess | undefined> {
  try {
    const [stat, cmdline, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // The second field, the name in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, ticks] = [fields[0], fields[19]];
    if (ticks === undefined || state === "Z" || state === "X") return undefined;
    return { pid, startedAt: `${boot.trim()}/${ticks}`, argv: cmdline.split("\0").slice(0, -1) };
  } catch {
    return undefined;
  }
}

const PS_LINE = /^\s*(\d+)\s+(\S+)\s+(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})\s+(.*)$/;

async function seeByPs(which: readonly string[]): Promise<SeenProcess[]> {
  const columns = ["pid=", "stat=", "lstart=", "command="].flatMap((column) => ["-o", column]);
  // The zone must not change between two agents, or the same start would read differently.
  const { stdout } = await execa("ps", ["-ww", ...columns, ...which], {
    reject: false,
    env: { LC_ALL: "C", TZ: "UTC" },
  });
  return parsePs(stdout);
}

/** The lines of `ps -o pid= -o stat= -o lstart= -o command=`. */
export function parsePs(text: string): SeenProcess[] {
  return text.split("\n").flatMap((line) => {
    const [, pid, stat, startedAt, command] = PS_LINE.exec(line) ?? [];
    if (!pid || !stat || !startedAt || stat.startsWith("Z")) return [];
    return [{ pid: Number(pid), startedAt, argv: (command ?? "").split(" ") }];
  });
}
