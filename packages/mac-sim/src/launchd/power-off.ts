import { readdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";

/**
 * Ends all that runs on the Mac, whatever group or session it moved to: every process that a job is, or was started by,
 * has the Mac's folder in its environment.
 */
export function killEverythingOn(dir: string): void {
  for (;;) {
    const pids = jobProcesses(dir);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }
}

function jobProcesses(dir: string): number[] {
  const marks = [`MAC_SIM_DIR=${dir}`, "XPC_SERVICE_NAME="];
  const isJobs = (words: readonly string[]) =>
    words.includes(marks[0] ?? "") && words.some((word) => word.startsWith(marks[1] ?? ""));
  if (process.platform === "linux") {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && isJobs(environmentOf(pid)));
  }
  const table = execFileSync("ps", ["-axwwE", "-o", "pid=,command="], { encoding: "utf8" });
  return table
    .split("\n")
    .filter((line) => isJobs(line.split(" ")))
    .map((line) => Number.parseInt(line, 10));
}

/** Empty for a zombie, for one that has gone and for somebody else's. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}
