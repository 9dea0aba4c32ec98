import { EXIT } from "./exit-codes.ts";

interface Facts {
  /** Stable, for scripts: the API's code, or one of ours. */
  code: string;
  /** What to do about it; one entry a line. */
  advice?: readonly string[];
  /** Every single thing that is wrong, where there can be several. */
  fields?: readonly { path: string; message: string }[];
  /** HTTP status of the answer. */
  status?: number;
  requestId?: string;
  /** The same call may succeed a little later. */
  transient?: boolean;
  /** The answer that `--json` prints nevertheless: the VM as it is, when waiting for it was in vain. */
  document?: unknown;
}

/** An expected failure of a command: what happened and where, what to do, and the exit code. Never a secret. */
export class CliError extends Error {
  /** One of EXIT, or 128 + N when signal N ended it. */
  readonly exit: number;
  readonly facts: Facts;

  constructor(exit: number, message: string, facts: Facts) {
    super(message);
    this.name = "CliError";
    this.exit = exit;
    this.facts = facts;
  }
}

export function usageError(message: string, advice: readonly string[] = []): CliError {
  return new CliError(EXIT.usage, message, { code: "usage", advice });
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's error code (`ENOENT`) of anything thrown, if it has one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string"
    ? thrown.code
    : undefined;
}
