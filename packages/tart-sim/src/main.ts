import { homedir } from "node:os";
import { type Command, commands } from "./cli/commands.ts";
import { runtimeFailure, TartFailure, ValidationFailure } from "./cli/failure.ts";
import { leftoverMistake, parseCommand } from "./cli/parse.ts";
import type { CommandSpec, ParsedCommand } from "./cli/spec.ts";
import { commandHelp, rootHelp, usageLines } from "./cli/usage.ts";
import { dieBySignal } from "./host/die.ts";
import { activeFaults, faultsFor } from "./host/faults.ts";
import { SimConfigError } from "./host/host-config.ts";
import { optionGates } from "./host/version.ts";
import { abortAtLoad, beforeCommand, cannotStartHere, invocationOf } from "./run-up.ts";
import { makeSim, type Sim } from "./sim.ts";

/** sysexits(3): the command was used wrongly. */
const EX_USAGE = 64;
/** The simulator itself was set up wrongly, which the original cannot be. */
const EX_CONFIG = 78;

/** Runs one `tart` command line to its end and leaves the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const cancel = new AbortController();
  // `run` has a meaning of its own for it, once it has begun; before, it is lost (tart-contract §2.6).
  process.on("SIGINT", () => argv[0] === "run" || cancel.abort());
  // Node ignores SIGPIPE; the original dies of it at its next line (tart-contract §2.6).
  process.stdout.on("error", () => void dieBySignal("SIGPIPE"));
  let exitCode: number;
  try {
    exitCode = await runCommandLine(argv, cancel.signal);
  } catch (error) {
    exitCode = report(error, cancel.signal);
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(exitCode);
}

async function runCommandLine(argv: readonly string[], cancelled: AbortSignal): Promise<number> {
  const sim: Sim = {
    ...makeSim({
      env: process.env,
      userHome: homedir(),
      cancelled,
      stdout: process.stdout,
      stderr: process.stderr,
    }),
    faults: activeFaults([]),
  };
  if (cannotStartHere(sim)) await abortAtLoad();
  const [word, ...words] = argv;
  const command = commands.find(({ spec }) => spec.name === word);
  if (command === undefined) return withoutCommand(sim, argv);
  const spec = specFor(sim, command);
  const parsed = parseCommand(spec, words);
  switch (parsed.kind) {
    case "help":
      sim.say(commandHelp(spec));
      return 0;
    case "version":
      sim.say(sim.version);
      return 0;
    case "mistake":
      throw usageFailure(spec, parsed.message, parsed.help);
    case "command":
      return runCommand(sim, command, parsed.command);
  }
}

/** `tart`, `tart --help`, `tart help list`, `tart --version`, and words that are no command. */
async function withoutCommand(sim: Sim, argv: readonly string[]): Promise<number> {
  const [word = "--help", topic] = argv;
  if (word === "help" || argv.includes("--help") || argv.includes("-h") || argv.length === 0) {
    const about = word === "help" ? commands.find(({ spec }) => spec.name === topic) : undefined;
    sim.say(
      about === undefined ? rootHelp(commands.map(({ spec }) => spec)) : commandHelp(specFor(sim, about)),
    );
    return 0;
  }
  if (argv.includes("--version")) {
    const faults = await faultsFor(sim.hostDir, { cmd: "--version" });
    if (faults.has("dyld-abort")) await abortAtLoad();
    sim.say(sim.version);
    return 0;
  }
  const option = argv.find((word) => word.startsWith("-"));
  if (option !== undefined) throw usageFailure(undefined, `Unknown option '${option}'`);
  throw usageFailure(
    undefined,
    argv.length === 1
      ? `Unexpected argument '${word}'`
      : `${argv.length} unexpected arguments: '${argv.join("', '")}'`,
  );
}

async function runCommand(sim: Sim, command: Command, parsed: ParsedCommand): Promise<number> {
  if (parsed.spec.name === "exec" && !sim.quirks.has("hasExec"))
    throw usageFailure(undefined, "Unexpected argument 'exec'");
  const { validate, body } = await command.load();
  const faulty = { ...sim, faults: await faultsFor(sim.hostDir, invocationOf(parsed)) };
  try {
    await beforeCommand(faulty, parsed, validate);
  } catch (error) {
    if (error instanceof ValidationFailure) throw usageFailure(parsed.spec, error.message);
    throw error;
  }
  const mistake = leftoverMistake(parsed);
  if (mistake !== undefined) throw usageFailure(parsed.spec, mistake);
  try {
    return await body(faulty, parsed);
  } catch (error) {
    if (error instanceof ValidationFailure) throw usageFailure(parsed.spec, error.message);
    throw error;
  }
}

/** A release knows only its own options. */
function specFor({ quirks }: Sim, { spec }: Command): CommandSpec {
  const knows = (long: string) => {
    const gate = optionGates[`${spec.name} --${long}`];
    return gate === undefined || quirks.has(gate);
  };
  return { ...spec, options: spec.options.filter(({ long }) => knows(long)) };
}

const usageFailure = (spec: CommandSpec | undefined, message: string, help?: string): TartFailure =>
  new TartFailure(
    [`Error: ${message}`, ...(help === undefined ? [] : [`Help:  ${help}`]), usageLines(spec)].join("\n"),
    EX_USAGE,
  );

function report(error: unknown, cancelled: AbortSignal): number {
  const failure = toFailure(error, cancelled);
  if (failure.stderr !== "") process.stderr.write(`${failure.stderr}\n`);
  return failure.exitCode;
}

function toFailure(error: unknown, cancelled: AbortSignal): TartFailure {
  if (error instanceof TartFailure) return error;
  if (error instanceof SimConfigError) return runtimeFailure(`tart-sim: ${error.message}`, EX_CONFIG);
  if (cancelled.aborted && error instanceof Error && error.name === "AbortError")
    return runtimeFailure("Error: CancellationError()");
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return runtimeFailure(`tart-sim: ${text}`, 70);
}

/** Everything written so far has left the process. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write("", () => resolve());
  });
