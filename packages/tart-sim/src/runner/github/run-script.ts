import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { allPassedOn, copyStream } from "../../guest/stream-copy.ts";
import { Writable } from "node:stream";

export interface ScriptResult {
  exitCode: number;
  output: string;
}

export interface ScriptPlace {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

const outputLimit = 64 * 1024;

/** Runs a file as the runner does: by `bash -e`, or `sh -e` where there is no bash; never by its shebang. */
export async function runScript(file: string, { cwd, env }: ScriptPlace): Promise<ScriptResult> {
  const shell = existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
  const child = spawn(shell, ["-e", file], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const log = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (output.length < outputLimit) output += chunk.toString();
      process.stdout.write(chunk, () => done());
    },
  });
  const copies = [copyStream(child.stdout, log), copyStream(child.stderr, log)];
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
  const exitCode = await ended;
  // A background process of the step may keep its output open: it is not waited for.
  await allPassedOn(copies);
  child.stdout.destroy();
  child.stderr.destroy();
  return { exitCode, output };
}
