#!/usr/bin/env node
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitLogged, openStdoutLog } from "@tartfleet/log";
import packageJson from "../package.json" with { type: "json" };
import { commandOf } from "./commands.ts";
import { readSettingsFiles } from "./config/files.ts";
import { readSettings } from "./config/read-settings.ts";
import type { Settings } from "./config/settings.ts";
import { whenCut } from "./process/cut-log.ts";
import { openDataDir } from "./process/data-dir.ts";
import { AgentStop, EXIT } from "./process/exit.ts";
import { takeLock } from "./process/lock.ts";
import { runAgent } from "./process/start.ts";

const PROGRAM = "tartfleet-agent";
/** How long a stop may take before the process ends anyway; VMs do not care. */
const STOP_MS = 5000;

async function main(): Promise<void> {
  const { env } = process;
  const { version } = packageJson;
  const argv = process.argv.slice(2);
  const command = commandOf(argv);
  const read = command
    ? await command.run({ argv: argv.slice(1), env, version, say: (line) => console.log(line) })
    : readSettings(argv, env, version);
  switch (read.kind) {
    case "done":
      process.stdout.write(read.text);
      process.exitCode = read.exitCode;
      return;
    case "text":
      process.stdout.write(read.text);
      return;
    case "mistakes":
      throw new AgentStop("settings", list(read.mistakes, command ? "do that" : "start"));
    case "settings":
      await run(read.settings);
      return;
    default:
      read satisfies never;
  }
}

function list(mistakes: readonly string[], act = "start"): string {
  return `cannot ${act} with these settings:\n  ${mistakes.join("\n  ")}`;
}

async function run(settings: Settings): Promise<void> {
  const { files, mistakes } = await readSettingsFiles(settings);
  if (mistakes.length > 0) throw new AgentStop("settings", list(mistakes));
  const dataDir = await openDataDir(settings.dataDir ?? join(homedir(), ".tartfleet-agent"));
  const lock = await takeLock(dataDir.path);
  if ("heldBy" in lock) {
    throw new AgentStop(
      "alreadyRunning",
      `another agent (pid ${lock.heldBy}) runs on ${dataDir.path}; stop it, or give another --data-dir`,
    );
  }
  const log = openStdoutLog({ level: settings.logLevel, base: { host: settings.name ?? "" } });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log.info({ signal }, "stopping; VMs go on");
      stop.abort();
    });
  }
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "cannot go on");
    process.exit(EXIT.bug);
  });

  const { fd: stdout } = process.stdout;
  const endWatch = whenCut(stdout, () => {
    log.info({}, "the log was put aside; stopping, to be started with a new one");
    stop.abort();
  });

  const running = runAgent({ settings, files, dataDir, env: process.env, log, signal: stop.signal });
  const overdue = aborted(stop.signal).then(() => sleep(STOP_MS, undefined, { ref: false }));
  try {
    await Promise.race([running, overdue]);
    log.info({}, "stopped");
  } catch (error) {
    log.fatal({ error: error instanceof AgentStop ? error.message : String(error) }, "stopped");
    throw error;
  } finally {
    endWatch();
    await lock.release();
  }
  exitLogged(log, 0);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

main().catch((error: unknown) => {
  const isExpected = error instanceof AgentStop;
  console.error(isExpected ? `${PROGRAM}: ${error.message}` : error);
  process.exit(isExpected ? EXIT[error.exit] : EXIT.bug);
});
