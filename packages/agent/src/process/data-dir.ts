import { randomUUID } from "node:crypto";
import { access, constants, mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { writeFileDurably } from "../journal/durable-file.ts";
import type { PulledImages, RunLogs } from "../host/ports.ts";
import { AgentStop } from "./exit.ts";

/** Where the agent keeps things. */
export interface DataDir {
  path: string;
  credential: string;
  agentId: string;
  journal: string;
  status: string;
  runLogs: RunLogs;
  pulledImages: PulledImages;
}

/** File in which the agent of a data folder says how it is. */
export const statusIn = (folder: string): string => join(folder, "status.json");

/** @throws AgentStop when the folder cannot be made or written */
export async function openDataDir(folder: string): Promise<DataDir> {
  const path = resolve(folder);
  const runs = join(path, "runs");
  let agentId: string;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    await mkdir(runs, { recursive: true, mode: 0o700 });
    agentId = await readOrMakeId(join(path, "agent-id"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentStop("settings", `the data folder cannot be used (${reason}); give another --data-dir`);
  }
  const logPath = (name: string) => join(runs, `${name}.log`);
  return {
    path,
    credential: join(path, "credential.json"),
    agentId,
    journal: join(path, "journal"),
    status: statusIn(path),
    runLogs: {
      path: logPath,
      exists: (name) =>
        access(logPath(name)).then(
          () => true,
          () => false,
        ),
      remove: (name) => rm(logPath(name), { force: true }),
    },
    pulledImages: pulledImagesIn(join(path, "pulled-images.json")),
  };
}

function pulledImagesIn(path: string): PulledImages {
  return {
    async load() {
      const text = await readFile(path, "utf8").catch(() => "[]");
      return z.array(z.string()).parse(JSON.parse(text));
    },
    save: (references) => writeFileDurably(path, JSON.stringify(references)),
  };
}

/** An id that is made once; one that was damaged is made anew. */
async function readOrMakeId(path: string): Promise<string> {
  const kept = (await readFile(path, "utf8").catch(() => "")).trim();
  if (/^[0-9a-f-]{36}$/.test(kept)) return kept;
  const made = randomUUID();
  await writeFileDurably(path, made);
  return made;
}
