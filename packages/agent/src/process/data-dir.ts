import { access, constants, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { RunLogs } from "../host/ports.ts";
import { AgentStop } from "./exit.ts";

/** Where the agent keeps things. */
export interface DataDir {
  path: string;
  credential: string;
  journal: string;
  runLogs: RunLogs;
}

/** @throws AgentStop when the folder cannot be made or written */
export async function openDataDir(folder: string): Promise<DataDir> {
  const path = resolve(folder);
  const runs = join(path, "runs");
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    await mkdir(runs, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentStop("settings", `the data folder cannot be used (${reason}); give another --data-dir`);
  }
  const logPath = (name: string) => join(runs, `${name}.log`);
  return {
    path,
    credential: join(path, "credential.json"),
    journal: join(path, "journal"),
    runLogs: {
      path: logPath,
      exists: (name) =>
        access(logPath(name)).then(
          () => true,
          () => false,
        ),
      remove: (name) => rm(logPath(name), { force: true }),
    },
  };
}
