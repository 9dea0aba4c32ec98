import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseUnusableError, messageOf } from "../store/faults.ts";

const KEY_BYTES = 32;
const COMMAND_MS = 30_000;

/** Where the key of what is sealed in the database comes from. */
export interface KeySource {
  dataDir: string;
  /** An executable that prints it, in place of the key file. */
  secretsKeyCommand?: string | undefined;
}

export const keyFileIn = (dataDir: string): string => join(dataDir, "secrets.key");

/**
 * The key of 32 bytes: what the command prints, or the key file (0600), which is made at the first start.
 *
 * @throws DatabaseUnusableError with what to do
 */
export function readOrMakeKey({ dataDir, secretsKeyCommand }: KeySource): Buffer {
  return secretsKeyCommand === undefined ? keyOfFile(keyFileIn(dataDir)) : keyOfCommand(secretsKeyCommand);
}

function keyOfFile(path: string): Buffer {
  if (!existsSync(path)) writeFileSync(path, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx" });
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new DatabaseUnusableError(
      `Others may read or write the key ${path}. Take that from them (chmod 600 ${path}); if one of them may have read it, revoke what was sealed with it.`,
    );
  }
  const key = readFileSync(path);
  if (key.length === KEY_BYTES) return key;
  throw new DatabaseUnusableError(`${path} is not a key of ${KEY_BYTES} bytes. Restore it from a backup.`);
}

/** Run without a shell and without arguments. What it prints on stdout is never shown. */
function keyOfCommand(command: string): Buffer {
  const failed = (what: string) =>
    new DatabaseUnusableError(`The key cannot be had: --secrets-key-command ${command} ${what}`);
  const run = spawnSync(command, [], {
    timeout: COMMAND_MS,
    killSignal: "SIGKILL",
    maxBuffer: 64 * 1024,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  if (run.error && "code" in run.error && run.error.code === "ETIMEDOUT")
    throw failed(`did not end within ${COMMAND_MS / 1000} s.`);
  if (run.error) throw failed(`cannot be run: ${messageOf(run.error)}`);
  if (run.status !== 0) {
    const said = run.stderr.trim().split("\n").at(-1)?.slice(0, 300);
    throw failed(`ended with ${run.signal ?? `exit code ${run.status}`}${said ? `: ${said}` : "."}`);
  }
  const text = run.stdout.trim();
  const key = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : keyOfBase64(text);
  if (key?.length === KEY_BYTES) return key;
  throw failed(`did not print ${KEY_BYTES} bytes as hex or base64, and nothing else.`);
}

function keyOfBase64(text: string): Buffer | undefined {
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, "base64") : undefined;
}
