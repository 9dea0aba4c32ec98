import { readdirSync, readFileSync } from "node:fs";

/**
 * Kills what a job has left behind: every process with the job's RUNNER_TRACKING_ID in its
 * environment, except ourselves (ci-runners §2.1 step 4).
 * @returns how many
 */
export function killOrphans(trackingId: string): number {
  const marker = `RUNNER_TRACKING_ID=${trackingId}`;
  const orphans = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && hasInEnvironment(pid, marker));
  for (const pid of orphans) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Ended by itself in between.
    }
  }
  return orphans.length;
}

function hasInEnvironment(pid: number, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(marker);
  } catch {
    return false;
  }
}
