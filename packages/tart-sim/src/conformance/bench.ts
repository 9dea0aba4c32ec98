import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { type Quirks, quirksOf } from "../host/version.ts";

/** How one `tart` command ended. */
export interface Outcome {
  argv: readonly string[];
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Milliseconds. */
  took: number;
}

/** A `tart run` that goes on. */
export interface Run {
  pid: number;
  ended: Promise<Outcome>;
  /** Everything on stdout so far. */
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

interface TartOptions {
  env?: NodeJS.ProcessEnv;
  input?: string;
}

interface VmEntry {
  Name: string;
  State: string;
  Running: boolean;
  [key: string]: unknown;
}

/** What a check works with: some `tart`, an image, and names of its own. */
export interface Bench {
  version: string;
  quirks: Quirks;
  /** A macOS image with a guest agent; undefined when none was given. */
  image: string | undefined;
  home: string;
  /** Time a simulated second takes; 1000 on a real Mac. */
  secondMs: number;
  tart(argv: readonly string[], options?: TartOptions): Promise<Outcome>;
  /** Starts `tart run --no-graphics` and waits until it is listed as running. */
  run(name: string, flags?: readonly string[]): Promise<Run>;
  /** Starts `tart run` without waiting for anything. */
  startRun(argv: readonly string[], options?: TartOptions): Run;
  list(): Promise<VmEntry[]>;
  stateOf(name: string): Promise<string | undefined>;
  /** A blank Linux VM: made in no time, and enough wherever nothing inside is asked. */
  blankVm(): Promise<string>;
  /** A VM cloned from the image, with a MAC of its own. Skips the check when there is no image. */
  macVm(): Promise<string>;
  newName(): string;
  /** Waits until the guest agent answers. */
  untilAgentAnswers(name: string): Promise<void>;
}

/** Ends a check without a verdict. */
export class Skip extends Error {}

export interface BenchInput {
  env: NodeJS.ProcessEnv;
  home: string;
  image?: string | undefined;
  /** Divides the simulator's time. */
  speed?: number;
  /** Prefix of all VMs that are made. */
  prefix?: string;
}

/** How long anything may take that has to come, in milliseconds. */
const PATIENCE_MS = 300_000;

/** A bench, and the cleaning up after a check. */
export async function makeBench(input: BenchInput): Promise<Bench & { tidy(): Promise<void> }> {
  const { env, home, image, speed = 1, prefix = `conformance-${process.pid}` } = input;
  const runs = new Set<Run>();
  let names = 0;
  const tart = (argv: readonly string[], options: TartOptions = {}) => start(env, argv, options).ended;
  const startRun = (argv: readonly string[], options: TartOptions = {}): Run => {
    const run = start(env, argv, options);
    runs.add(run);
    void run.ended.then(() => runs.delete(run));
    return run;
  };
  const list = async (): Promise<VmEntry[]> => parseList(await tart(["list", "--format", "json"]));
  const stateOf = async (name: string) => (await list()).find((vm) => vm.Name === name)?.State;
  const newName = () => `${prefix}-${++names}`;
  const version = (await tart(["--version"])).stdout.trim();
  const madeBy = async (name: string, argv: readonly string[]): Promise<string> => {
    need(await tart(argv), 0);
    return name;
  };
  return {
    version,
    quirks: quirksOf(version),
    image,
    home,
    secondMs: 1000 / speed,
    tart,
    startRun,
    list,
    stateOf,
    newName,
    async run(name, flags = []) {
      const run = startRun(["run", "--no-graphics", ...flags, name]);
      await until(`${name} to run`, async () => (await stateOf(name)) === "running");
      return run;
    },
    blankVm: () => {
      const name = newName();
      return madeBy(name, ["create", "--linux", "--disk-size", "1", name]);
    },
    async macVm() {
      if (image === undefined) throw new Skip("needs --image");
      const name = newName();
      need(await tart(["clone", image, name]), 0);
      return madeBy(name, ["set", name, "--random-mac"]);
    },
    untilAgentAnswers: (name) =>
      until(`the guest agent of ${name}`, async () => (await tart(["exec", name, "true"])).code === 0),
    async tidy() {
      const left = [...runs];
      for (const run of left) run.kill("SIGKILL");
      await Promise.all(left.map(({ ended }) => ended));
      const mine = (await list()).filter(({ Name }) => Name.startsWith(`${prefix}-`));
      for (const { Name } of mine) await tart(["delete", Name]);
    },
  };
}

function start(env: NodeJS.ProcessEnv, argv: readonly string[], { env: more, input }: TartOptions): Run {
  const began = performance.now();
  const child = spawn("tart", argv, { env: { ...env, ...more }, stdio: "pipe" });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.stderr += chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ argv, code, signal, ...text, took: performance.now() - began }),
    );
  });
  return {
    pid: child.pid ?? 0,
    ended,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    kill: (signal) => void child.kill(signal),
  };
}

function parseList({ stdout }: Outcome): VmEntry[] {
  const value: unknown = JSON.parse(stdout);
  return Array.isArray(value) ? value : [];
}

/** Waits for a condition; says what was waited for when it does not come. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting for ${what}`);
    await wait(50);
  }
}

const show = ({ argv, code, signal, stdout, stderr }: Outcome): string =>
  `tart ${argv.join(" ")}: ${signal ?? `exit ${code}`}\n  stdout: ${JSON.stringify(stdout)}\n  stderr: ${JSON.stringify(stderr)}`;

/** The exit code must be this, and the streams as said: exact text, or a pattern. */
export function need(
  outcome: Outcome,
  code: number,
  texts: { stdout?: string | RegExp; stderr?: string | RegExp } = {},
): void {
  const fits = (wanted: string | RegExp | undefined, is: string) =>
    wanted === undefined || (typeof wanted === "string" ? wanted === is : wanted.test(is));
  const wanted = `exit ${code}${texts.stdout === undefined ? "" : `, stdout ${String(texts.stdout)}`}${texts.stderr === undefined ? "" : `, stderr ${String(texts.stderr)}`}`;
  if (outcome.code !== code || !fits(texts.stdout, outcome.stdout) || !fits(texts.stderr, outcome.stderr))
    throw new Error(`expected ${wanted}\nbut ${show(outcome)}`);
}

/** Anything else that must hold. */
export function hold(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
