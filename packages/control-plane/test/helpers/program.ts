import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./plane.ts";

/** The program, as the build of this package leaves it. */
export const MAIN = fileURLToPath(new URL("../../dist/main.mjs", import.meta.url));

/** A run of the program itself. */
export interface Program {
  stdout(): string;
  stderr(): string;
  /** Log lines as objects. */
  lines(): Record<string, unknown>[];
  /** Waits for the line that says where it listens. */
  listening(): Promise<Record<string, unknown>>;
  kill(signal: NodeJS.Signals): void;
  pid: number;
  /** Exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>;
}

/** @param wrap words before the command */
export function run(args: string[], env: Record<string, string> = {}, wrap: readonly string[] = []): Program {
  const [command = "", ...words] = [...wrap, process.execPath, MAIN, ...args];
  const child = spawn(command, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: tmpdir(), ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    stderr += part;
  });
  const exited = once(child, "close").then(([code, signal]) => code ?? signal);
  const lines = () =>
    stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    lines,
    listening: () =>
      until(() => {
        if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${stderr}`);
        return lines().find(({ msg }) => msg === "listening");
      }, 60),
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    exited,
  };
}

/** A folder for the test, and how to remove it. */
export function tempFolder() {
  const path = mkdtempSync(join(tmpdir(), "tartfleet-cp-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
