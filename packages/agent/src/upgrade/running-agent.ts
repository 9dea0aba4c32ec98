import { statusIn } from "../process/data-dir.ts";
import { holderOf } from "../process/lock.ts";
import { readStatus } from "../process/status-file.ts";

/** The agent of a data folder, as it is seen from outside. */
export interface RunningAgent {
  pid: string;
  /** Undefined until it was connected for the first time. */
  version: string | undefined;
  isConnected: boolean;
}

/**
 * The lock says who runs, for it dies with its process; the status file says of that process alone how it is.
 *
 * @returns undefined when no agent runs
 */
export async function seeAgent(dataDir: string): Promise<RunningAgent | undefined> {
  const pid = await holderOf(dataDir);
  if (pid === undefined) return undefined;
  const status = await readStatus(statusIn(dataDir));
  if (!status || String(status.pid) !== pid) return { pid, version: undefined, isConnected: false };
  return { pid, version: status.version, isConnected: status.isConnected };
}
