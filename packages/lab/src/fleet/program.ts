import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { followLog, type LogFollower, type LogLine } from "./log-lines.ts";
import { DEADLINE_MS } from "./until.ts";

/** What to run; asked for anew at every start. */
export interface Command {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** A program of the fleet that can be killed and started again; its log is one file over all its lives. */
export interface Program {
  readonly name: string;
  readonly logPath: string;
  /** undefined while it does not run. */
  readonly pid: number | undefined;
  /** Starts it; resolves when it is ready. */
  start(): Promise<void>;
  /** Resolves with how it ended, e.g. "exit code 0" or "SIGKILL". */
  kill(signal: NodeJS.Signals): Promise<string>;
  /** Starts it again after it was killed, or kills it with SIGKILL first. */
  restart(): Promise<void>;
  /** Ends it as an operator would: SIGTERM, and SIGKILL when that is not heard. */
  stop(): Promise<string>;
  /** Everything that it has written. */
  logs(): Promise<string>;
}

export interface ProgramOptions {
  name: string;
  logPath: string;
  command: () => Command;
  /** Resolves when the program does its work; given the log of this life. */
  ready: (life: Life) => Promise<void>;
}

/** One run of a program. */
export interface Life {
  pid: number;
  /** The first log line with one of these texts. @throws with the log's end when it exits first, or takes too long */
  logged(...messages: string[]): Promise<LogLine>;
  /** How it ended, once it did. */
  ended: Promise<string>;
}

const STOP_MS = 15_000;

export function makeProgram({ name, logPath, command, ready }: ProgramOptions): Program {
  let life: Life | undefined;

  async function start(): Promise<void> {
    if (life) throw new Error(`${name} runs already`);
    const begun = begin(name, logPath, command());
    life = begun;
    void begun.ended.then(() => {
      if (life === begun) life = undefined;
    });
    await ready(begun);
  }

  async function kill(signal: NodeJS.Signals): Promise<string> {
    if (!life) throw new Error(`${name} does not run`);
    const { pid, ended } = life;
    send(pid, signal);
    return ended;
  }

  return {
    name,
    logPath,
    get pid() {
      return life?.pid;
    },
    start,
    kill,
    async restart() {
      if (life) await kill("SIGKILL");
      await start();
    },
    async stop() {
      if (!life) return "not running";
      const { pid } = life;
      const impatient = setTimeout(() => send(pid, "SIGKILL"), STOP_MS);
      try {
        return await kill("SIGTERM");
      } finally {
        clearTimeout(impatient);
      }
    },
    logs: () => readFile(logPath, "utf8"),
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const hasEnded = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!hasEnded) throw error;
  }
}

function begin(name: string, logPath: string, { file, args, env }: Command): Life {
  const child = execa(file, args, {
    env,
    extendEnv: false,
    reject: false,
    buffer: false,
    stdin: "ignore",
    // A group of its own: Ctrl-C in the terminal ends the lab, and the lab ends its programs in order.
    detached: true,
  });
  const log = createWriteStream(logPath, { flags: "a", mode: 0o600 });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const follower = followLog([child.stdout, child.stderr]);
  const ended = child.then(({ exitCode, signal, shortMessage }) => {
    log.end();
    return signal ?? (exitCode === undefined ? (shortMessage ?? "unknown") : `exit code ${exitCode}`);
  });
  return { pid: child.pid ?? 0, ended, logged: (...messages) => logged(name, logPath, follower, messages) };
}

async function logged(
  name: string,
  logPath: string,
  follower: LogFollower,
  messages: readonly string[],
): Promise<LogLine> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), DEADLINE_MS);
  const line = await Promise.race([follower.first(({ msg }) => messages.includes(msg)), late.promise]);
  clearTimeout(timer);
  if (line) return line;
  throw new Error(`${name} did not log "${messages.join('" or "')}". Its log ends:\n${await endOf(logPath)}`);
}

async function endOf(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "(no log)");
  return text.trimEnd().split("\n").slice(-15).join("\n");
}
