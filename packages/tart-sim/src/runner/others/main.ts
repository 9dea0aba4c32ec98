/** Stand-ins for gitlab-runner, buildkite-agent and Jenkins' agent: strict about how they are started. */
import "../../guest/leave-cache.ts";
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runScript } from "../github/run-script.ts";
import { recordStart } from "../record-start.ts";
import { BadOption, parseOptions, type ParsedOptions } from "../strict-options.ts";
import { programs, type CiProgram } from "./programs.ts";

/** What the job is: a script that a test put into the guest's home, else nothing to speak of. */
const jobFile = path.join(process.env["HOME"] ?? ".", ".ci-job.sh");

async function main(name: string, argv: readonly string[]): Promise<number> {
  const program = programs[name];
  if (program === undefined) throw new BadOption(`unknown command: ${name}`);
  recordStart(name, argv, program.prefixes);
  const given = withVariables(program, parseOptions(argv, program.options));
  check(program, given);
  if (program.serve?.isThere(given)) return program.serve.run(given);
  console.log(`${name}: connected; running the job`);
  const job = existsSync(jobFile)
    ? await runScript(jobFile, { cwd: path.dirname(jobFile), env: process.env })
    : { exitCode: 0 };
  console.log(`${name}: the job ended with ${job.exitCode}`);
  await agentShutdownHook(given);
  if (!program.endsAfterJob(given)) {
    console.log(`${name}: waiting for the next job`);
    for (;;) await delay(60_000);
  }
  return program.reflectsJob(given) ? job.exitCode : 0;
}

function withVariables(program: CiProgram, given: ParsedOptions): ParsedOptions {
  for (const [option, variable] of Object.entries(program.variables)) {
    const value = process.env[variable];
    if (value === undefined || value === "") continue;
    if (program.options[option] === "flag" && value === "true") given.flags.add(option);
    if (program.options[option] === "value" && !given.values.has(option)) given.values.set(option, value);
  }
  return given;
}

const shortForms: Readonly<Record<string, string>> = { "--url": "-u", "--token": "-t", "--config": "-c" };

function check(program: CiProgram, given: ParsedOptions): void {
  const value = (option: string): string | undefined =>
    given.values.get(option) ?? given.values.get(shortForms[option] ?? option);
  const missing = program.required.filter((option) => (value(option) ?? "") === "");
  if (missing.length > 0) throw new BadOption(`missing: ${missing.join(", ")}`);
  for (const group of program.excludes ?? []) {
    const both = group.filter((option) => given.flags.has(option) || given.values.has(option));
    if (both.length > 1) throw new BadOption(`options cannot be used together: ${both.join(", ")}`);
  }
  const objection = program.objection?.(value);
  if (objection !== undefined) throw new BadOption(objection);
}

/** Buildkite's one safe place for an end-of-life call (ci-runners §2.4). */
async function agentShutdownHook({ values }: ParsedOptions): Promise<void> {
  const hook = path.join(values.get("--hooks-path") ?? "", "agent-shutdown");
  if (values.has("--hooks-path") && existsSync(hook)) {
    await runScript(hook, { cwd: path.dirname(hook), env: process.env });
  }
}

const [name = "", ...argv] = process.argv.slice(2);
try {
  process.exitCode = await main(name, argv);
} catch (error) {
  if (!(error instanceof BadOption)) throw error;
  console.error(`${name}: ${error.message}`);
  process.exitCode = 1;
}
