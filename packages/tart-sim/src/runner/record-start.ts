import { appendFileSync } from "node:fs";
import path from "node:path";

/** Line by line in the guest's home: how each CI program was started. */
const startsFileName = ".runner-starts.jsonl";

export interface RecordedStart {
  program: string;
  argv: string[];
  env: Record<string, string>;
}

/**
 * Writes down what a stand-in was started with, for tests that look for secrets in argv.
 * @param prefixes which variables of the environment belong to the program
 */
export function recordStart(program: string, argv: readonly string[], prefixes: readonly string[]): void {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix))),
  );
  const line = JSON.stringify({ program, argv, env });
  appendFileSync(path.join(process.env["HOME"] ?? ".", startsFileName), `${line}\n`, { mode: 0o600 });
}
