#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { connect } from "@tartfleet/client/node";
import { readSettings } from "@tartfleet/settings";
import manifest from "../package.json" with { type: "json" };
import { cleanup } from "./cleanup.ts";
import { configDocument } from "./config.ts";
import { StageFailure, stageFailureOf } from "./failure.ts";
import { readJob } from "./job.ts";
import { prepare } from "./prepare.ts";
import { run } from "./run.ts";
import { program, type Settings } from "./settings.ts";
import type { Stage } from "./stages.ts";

/** How a stage of gitlab-runner's ends, by the numbers that it gives. */
const CODES = { job: "BUILD_FAILURE_EXIT_CODE", ours: "SYSTEM_FAILURE_EXIT_CODE" } as const;

const { env } = process;
const argv = process.argv.slice(2);

/** Lines of the job's log; of cleanup, of the runner's own. */
const say = (line: string) => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const read = readSettings(program(manifest.version), argv, env);
  if (read.kind === "text") return void process.stdout.write(read.text);
  if (read.kind === "mistakes") {
    const list = read.mistakes.map((mistake) => `  ${mistake}\n`).join("");
    throw new StageFailure("ours", `tartfleet-gitlab-executor is not set up:\n${list}`);
  }
  await runStage(read.settings);
}

async function runStage(settings: Settings): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () =>
      stop.abort(new StageFailure("job", "The job was cancelled, or is out of time.")),
    );
  }
  const stage: Stage = { client: clientOf(settings), settings, env, signal: stop.signal, say };
  switch (settings.command) {
    case "config":
      return void process.stdout.write(
        JSON.stringify(configDocument(readJob(env), settings, argv, manifest.version)),
      );
    case "prepare":
      return prepare(stage);
    case "run":
      return run(stage);
    case "cleanup":
      return cleanup(stage);
    default:
      settings.command satisfies never;
  }
}

function clientOf({ url, token, tokenFile, caFile, insecure, patienceSeconds, command }: Settings) {
  return connect({
    url,
    token: token ?? fileOf(tokenFile ?? "", "--token-file").trim(),
    insecure,
    ...(caFile === undefined ? {} : { ca: fileOf(caFile, "--ca-file") }),
    // What is not cleaned up at once ends by its time to live; the job's result waits.
    retryForMs: command === "cleanup" ? 5000 : patienceSeconds * 1000,
  });
}

function fileOf(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StageFailure(
      "ours",
      `${flag} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

try {
  await main();
} catch (error) {
  const { fault, message, exitCode } = stageFailureOf(error);
  // The job's own output says why it failed.
  if (exitCode === undefined) say(message);
  process.exitCode = Number(env[CODES[fault]] ?? (fault === "job" ? 1 : 2));
}
