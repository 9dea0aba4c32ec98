import { readFileSync } from "node:fs";
import { childProcess } from "./late-modules.ts";

/** One process, told apart from a later one with the same pid by when it started. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: clock ticks since boot on Linux, `ps`'s lstart on macOS. */
  startTime: string;
}

/** The live process with this pid; undefined when there is none. A zombie holds nothing and counts as gone. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === "linux" ? startFromProc(pid) : startFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export const isAlive = (owner: ProcessIdentity): boolean =>
  identify(owner.pid)?.startTime === owner.startTime;

let own: ProcessIdentity | undefined;

/** This process. */
export function self(): ProcessIdentity {
  own ??= identify(process.pid);
  if (own === undefined) throw new Error("the process table does not show this process");
  return own;
}

/** Field 22 of /proc/<pid>/stat; the command name in field 2 may hold spaces and parentheses. */
function startFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  return state === "Z" || state === "X" ? undefined : fields[19];
}

function startFromPs(pid: number): string | undefined {
  try {
    const out = childProcess()
      .execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        env: { ...process.env, LC_ALL: "C" },
      })
      .trim();
    const [stat, ...lstart] = out.split(/\s+/);
    return stat === undefined || stat.startsWith("Z") ? undefined : lstart.join(" ");
  } catch {
    return undefined;
  }
}
