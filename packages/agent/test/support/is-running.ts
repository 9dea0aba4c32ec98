import { readFile } from "node:fs/promises";

/** Whether the process whose id a script wrote into the file is there; until it has written, it is yet to come. */
export async function isRunning(pidFile: string): Promise<boolean> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => "0"));
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
