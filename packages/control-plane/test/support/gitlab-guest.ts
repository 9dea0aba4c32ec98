import { EventEmitter, once } from "node:events";
import { buffer } from "node:stream/consumers";
import type { ExecOptions } from "@tartfleet/client/node";

interface Run {
  output: string;
  code: number | undefined;
  isStopped: boolean;
}

/**
 * A guest that keeps the word of the executor's guest/run.sh, whose own tests run it in bash: a script is begun once,
 * outlives the connection, and is told of from any point on. Of scripts it knows a few lines; their time is setTimeout's.
 */
export class SimGuest {
  readonly #note: (line: string) => void;
  readonly #runs = new Map<string, Run>();
  readonly #changed = new EventEmitter().setMaxListeners(0);
  #isDead = false;

  /** @param note told of every line before it is run */
  constructor(note: (line: string) => void) {
    this.#note = note;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Its processes are gone, and nothing comes from it any more. */
  die(): void {
    this.#isDead = true;
  }

  /** @param cut the end of the connection; rejects with its reason */
  async exec(
    argv: readonly string[],
    { stdin, stdout, stderr }: ExecOptions,
    cut: AbortSignal,
  ): Promise<number> {
    const [shell, flag, , , verb, id = "", size, offset] = argv;
    if (shell !== "/bin/bash" || flag !== "-c") throw new Error(`nobody runs ${argv.join(" ")}`);
    if (verb === "stop") return this.#stop(id);
    const say = (line: string) => void stderr?.write(`${line}\n`);
    const script = stdin ? await buffer(stdin) : Buffer.alloc(0);
    cut.throwIfAborted();
    const run = this.#runs.get(id) ?? this.#begin(id, script, Number(size));
    if (!run) {
      say("cut");
      return 0;
    }
    say("here");
    let shown = Number(offset);
    for (;;) {
      if (!this.#isDead) {
        stdout.write(run.output.slice(shown));
        shown = run.output.length;
        if (run.code !== undefined) {
          say(`exit ${run.code}`);
          return 0;
        }
      }
      await once(this.#changed, "change", { signal: cut }).catch(() => cut.throwIfAborted());
    }
  }

  #begin(id: string, script: Buffer, size: number): Run | undefined {
    if (script.length !== size) return undefined;
    const run: Run = { output: "", code: undefined, isStopped: false };
    this.#runs.set(id, run);
    void this.#interpret(run, linesOf(script.toString())).then((code) => {
      run.code ??= code;
      this.#changed.emit("change");
    });
    return run;
  }

  async #interpret(run: Run, lines: readonly string[]): Promise<number> {
    for (const line of lines) {
      if (run.isStopped || this.#isDead) return 143;
      const [word = "", rest = ""] = line.split(/ (.*)/s);
      if (["export", "cd", "mkdir", "rm"].includes(word)) continue;
      this.#note(line);
      if (word === "exit") return Number(rest);
      if (word === "sleep") await new Promise((done) => setTimeout(done, Number(rest) * 1000));
      else if (word === "echo") {
        run.output += `${rest}\n`;
        this.#changed.emit("change");
      } else throw new Error(`the guest knows no ${line}`);
    }
    return 0;
  }

  #stop(id: string): number {
    const run = this.#runs.get(id);
    if (run?.code === undefined && run) {
      run.isStopped = true;
      run.code = 143;
      this.#changed.emit("change");
    }
    return 0;
  }
}

/** What the one word of a stage's script says. */
function linesOf(script: string): string[] {
  const word = /eval \$'(?<word>(?:[^'\\]|\\.)*)'/s.exec(script)?.groups?.["word"];
  if (word === undefined) throw new Error(`that is no script of gitlab-runner's: ${script}`);
  const text = word.replaceAll(/\\(?:x(..)|(.))/g, (_, byte: string | undefined, letter: string) =>
    byte === undefined ? ({ n: "\n", t: "\t" }[letter] ?? letter) : String.fromCharCode(parseInt(byte, 16)),
  );
  return text.split("\n").filter((line) => line !== "");
}
