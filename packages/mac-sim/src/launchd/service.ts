import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { argvOf, type JobFile } from "./job-file.ts";

export type ServiceState = "not running" | "running" | "spawn scheduled" | "SIGTERMed";

/** How a job's process ended last. */
export type LastEnd = { kind: "never" } | { kind: "exit"; code: number } | { kind: "signal"; signal: string };

/** launchd could not start the program (sysexits.h). */
const EX_CONFIG = 78;

interface ServiceOptions {
  job: JobFile;
  path: string;
  /** The environment without the job's own part. */
  environment: () => Record<string, string>;
  /** Divides launchd's own delays. */
  speed: number;
}

/**
 * A job in a domain, and its process. not running → running by a start; running → not running, or spawn scheduled where
 * it is kept alive, by the process's end; any → gone by `bootOut`, through SIGTERMed while the process lives.
 */
export class Service {
  readonly job: JobFile;
  readonly path: string;
  state: ServiceState = "not running";
  runs = 0;
  lastEnd: LastEnd = { kind: "never" };
  pid: number | undefined;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended: (() => void)[] = [];
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.job = options.job;
    this.path = options.path;
  }

  /** What loading it starts. */
  loaded(): void {
    const { RunAtLoad, KeepAlive } = this.job;
    if (RunAtLoad || KeepAlive !== false) this.start();
  }

  start(): void {
    clearTimeout(this.#timer);
    if (this.pid !== undefined) return;
    this.runs += 1;
    this.#startedAt = Date.now();
    const [program, ...args] = argvOf(this.job);
    const { WorkingDirectory, StandardOutPath, StandardErrorPath, EnvironmentVariables } = this.job;
    const files: number[] = [];
    try {
      for (const file of [StandardOutPath, StandardErrorPath]) files.push(openSync(file, "a", 0o644));
      const child = spawn(program, args, {
        cwd: WorkingDirectory,
        detached: true,
        stdio: ["ignore", files[0], files[1]],
        argv0: this.job.ProgramArguments?.[0],
        env: { ...this.#options.environment(), ...EnvironmentVariables },
      });
      child.once("error", () => {});
      if (child.pid === undefined) return this.#over({ kind: "exit", code: EX_CONFIG });
      this.pid = child.pid;
      this.state = "running";
      child.once("exit", (code, signal) =>
        this.#over(signal === null ? { kind: "exit", code: code ?? 0 } : { kind: "signal", signal }),
      );
    } catch {
      this.#over({ kind: "exit", code: EX_CONFIG });
    } finally {
      for (const file of files) closeSync(file);
    }
  }

  /** True when there is a process that it was sent to. */
  signal(signal: NodeJS.Signals): boolean {
    return this.pid !== undefined && process.kill(this.pid, signal);
  }

  /** Resolves when there is no process. */
  ended(): Promise<void> {
    return this.pid === undefined ? Promise.resolve() : new Promise((resolve) => this.#ended.push(resolve));
  }

  /** Ends the process, at first politely, and starts it no more. */
  async bootOut(): Promise<void> {
    clearTimeout(this.#timer);
    this.state = "SIGTERMed";
    if (this.signal("SIGTERM")) {
      const patience = (this.job.ExitTimeOut * 1000) / this.#options.speed;
      this.#timer = setTimeout(() => this.signal("SIGKILL"), patience);
    }
    await this.ended();
    clearTimeout(this.#timer);
  }

  #over(end: LastEnd): void {
    const { pid } = this;
    this.pid = undefined;
    this.lastEnd = end;
    if (pid !== undefined && !this.job.AbandonProcessGroup) killGroup(pid);
    if (this.state !== "SIGTERMed") {
      this.state = "not running";
      if (this.#isKeptAlive()) this.#startLater();
    }
    const waiting = this.#ended;
    this.#ended = [];
    for (const resolve of waiting) resolve();
  }

  #isKeptAlive(): boolean {
    const { KeepAlive } = this.job;
    if (typeof KeepAlive === "boolean") return KeepAlive;
    return KeepAlive.SuccessfulExit === (this.lastEnd.kind === "exit" && this.lastEnd.code === 0);
  }

  #startLater(): void {
    this.state = "spawn scheduled";
    const throttle = (this.job.ThrottleInterval * 1000) / this.#options.speed;
    this.#timer = setTimeout(() => this.start(), Math.max(0, this.#startedAt + throttle - Date.now()));
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}
