import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { messageOf, usageError } from "../../cli-error.ts";
import type { Context } from "../../context.ts";

/** Files named by flags; `-` is stdin, which can be read once. */
export interface TextFlags {
  file?: string;
  runnerFile?: string;
  script?: string;
  envFrom?: string[];
}

export interface VmTexts {
  file?: string;
  runnerFile?: string;
  script?: string;
  envFiles: string[];
}

export async function readTexts(flags: TextFlags, context: Context): Promise<VmTexts> {
  const { file, runnerFile, script, envFrom = [] } = flags;
  const fromStdin = [file, runnerFile, script, ...envFrom].filter((path) => path === "-").length;
  if (fromStdin > 1) throw usageError("Only one file can be read from stdin (-)");
  const read = (flag: string, path: string) => readText(flag, path, context);
  const envFiles: string[] = [];
  for (const path of envFrom) envFiles.push(await read("--env-from", path));
  return {
    envFiles,
    ...(file === undefined ? {} : { file: await read("--file", file) }),
    ...(runnerFile === undefined ? {} : { runnerFile: await read("--runner-file", runnerFile) }),
    ...(script === undefined ? {} : { script: await read("--script", script) }),
  };
}

async function readText(flag: string, path: string, { stdin }: Context): Promise<string> {
  try {
    return path === "-" ? await readAll(stdin) : await readFile(path, "utf8");
  } catch (error) {
    throw usageError(`${flag} ${path} cannot be read: ${messageOf(error)}`);
  }
}
