import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { RunnerCredentials, RunnerFiles, RunnerSettings } from "../../github/protocol.ts";

const credentialFiles = [".runner", ".credentials", ".credentials_rsaparams"];

export interface RunnerIdentity {
  name: string;
  serverUrl: string;
  secret: string;
}

/** Writes the files of a registration or of a JIT configuration into the runner's directory. */
export function writeRunnerFiles(dir: string, files: RunnerFiles): void {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(dir, path.basename(name)), Buffer.from(content, "base64"), { mode: 0o600 });
  }
}

/** A JIT configuration is base64 of a JSON map of files (ci-runners §2.2). */
export function decodeJitConfig(encoded: string): RunnerFiles {
  const files: unknown = JSON.parse(Buffer.from(encoded, "base64").toString());
  if (typeof files !== "object" || files === null)
    throw new Error("the JIT configuration is no map of files");
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, String(content)]));
}

export const isConfigured = (dir: string): boolean => existsSync(path.join(dir, ".runner"));

export function readIdentity(dir: string): RunnerIdentity {
  const read = (name: string): string => readFileSync(path.join(dir, name), "utf8");
  const settings: RunnerSettings = JSON.parse(read(".runner"));
  const credentials: RunnerCredentials = JSON.parse(read(".credentials"));
  return { name: settings.agentName, serverUrl: settings.serverUrl, secret: credentials.data.token };
}

/** An ephemeral runner forgets itself after its job. */
export function forgetRunner(dir: string): void {
  for (const name of credentialFiles) rmSync(path.join(dir, name), { force: true });
}

/**
 * `.env` is read raw: KEY=VALUE to the end of the line, no quotes, no `export`, nothing expanded
 * (guests.md §6). `.path` replaces PATH.
 */
export function readEnvironmentFiles(dir: string): Record<string, string> {
  const env: Record<string, string> = {};
  const file = path.join(dir, ".env");
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    const at = line.indexOf("=");
    if (at > 0) env[line.slice(0, at)] = line.slice(at + 1).replace(/\r$/, "");
  }
  const pathFile = path.join(dir, ".path");
  if (existsSync(pathFile)) env["PATH"] = readFileSync(pathFile, "utf8").trim();
  return env;
}
