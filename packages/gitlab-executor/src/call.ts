import { readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import type { NodeClient, NodeClientOptions } from "@tartfleet/client/node";
import { readSettings } from "@tartfleet/settings";
import manifest from "../package.json" with { type: "json" };
import { cleanup } from "./cleanup.ts";
import { configDocument } from "./config.ts";
import { StageFailure, stageFailureOf } from "./failure.ts";
import { readJob } from "./job.ts";
import { prepare } from "./prepare.ts";
import { run } from "./run.ts";
import { program, type Settings } from "./settings.ts";
import type { Clock, Stage } from "./stages.ts";

/** How a stage of gitlab-runner's ends, by the numbers that it gives. */
const CODES = { job: "BUILD_FAILURE_EXIT_CODE", ours: "SYSTEM_FAILURE_EXIT_CODE" } as const;

/** Of a job that is cancelled or out of time gitlab-runner knows that by itself; what counts is the time of prepare. */
const STOPPED =
  "gitlab-runner ended this: the job was cancelled, or is out of time, or prepare_exec_timeout is over.";

/** What a call finds around it. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  stdout: Writable;
  /** A line of the job's log; of cleanup, of the runner's own. */
  say: (line: string) => void;
  /** Aborts when gitlab-runner wants it to end. */
  signal: AbortSignal;
  clock: Clock;
  connect: (options: NodeClientOptions) => NodeClient;
}

/** One call of the executable, as gitlab-runner makes it for each of its stages; answers with the exit code. */
export async function callStage(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    await perform(argv, around);
    return 0;
  } catch (error) {
    const { fault, message, exitCode } = stageFailureOf(
      around.signal.aborted ? new StageFailure("ours", STOPPED) : error,
    );
    // The job's own output says why it failed.
    if (exitCode === undefined) around.say(message);
    return Number(around.env[CODES[fault]] ?? (fault === "job" ? 1 : 2));
  }
}

async function perform(argv: readonly string[], around: Surroundings): Promise<void> {
  const { env, stdout } = around;
  const read = readSettings(program(manifest.version), argv, env);
  if (read.kind === "text") return void stdout.write(read.text);
  if (read.kind === "mistakes") {
    const list = read.mistakes.map((mistake) => `  ${mistake}\n`).join("");
    throw new StageFailure("ours", `tartfleet-gitlab-executor is not set up:\n${list}`);
  }
  const { settings } = read;
  const stage: Stage = { ...around, settings, client: clientOf(settings, around) };
  switch (settings.command) {
    case "config":
      return void stdout.write(
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

function clientOf(settings: Settings, { connect }: Surroundings): NodeClient {
  const { url, token, tokenFile, caFile, insecure, patienceSeconds, command } = settings;
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
