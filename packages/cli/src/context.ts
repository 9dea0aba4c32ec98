import type { Style } from "./output/style.ts";

/** Where text goes. */
export interface Screen {
  write: (text: string) => void;
  style: () => Style;
}

/** What commands know of the process they run in. */
export interface Context {
  env: NodeJS.ProcessEnv;
  now: () => number;
  /** A new one each time, for idempotency keys. */
  uniqueId: () => string;
  stdin: NodeJS.ReadStream;
  /** For bytes that are not ours; what the CLI says goes to `out` and `err`. */
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** The exit code when nothing fails any more. */
  exitWith: (code: number) => void;
  /** Answers; nothing else, so that a script can read them. */
  out: Screen;
  /** Everything that is said beside the answer. */
  err: Screen;
}
