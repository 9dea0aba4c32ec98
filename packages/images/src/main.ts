#!/usr/bin/env node
import { CommanderError } from "commander";
import type { Context } from "./context.ts";
import { HOST_FOLDER, IMAGES_FOLDER } from "./folder.ts";
import { ImagesError } from "./images-error.ts";
import { makeProgram } from "./program.ts";

const EXIT = { failed: 1, usage: 64 } as const;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());

const context: Context = {
  env: process.env,
  platform: process.platform,
  now: Date.now,
  say: (line) => console.log(line),
  signal: stop.signal,
  folder: IMAGES_FOLDER,
  hostFolder: HOST_FOLDER,
};

try {
  await makeProgram(context).parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.exitCode = conclude(error);
}

/** A mistake in the command line has been said on stderr already. */
function conclude(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (!(error instanceof ImagesError)) throw error;
  console.error(`error: ${error.message} (${error.code})\n${error.advice}`);
  return EXIT.failed;
}
