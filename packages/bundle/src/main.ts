#!/usr/bin/env node
import { CommanderError } from "commander";
import { BundleError } from "./bundle-error.ts";
import { makeProgram } from "./program.ts";

const EXIT = { failed: 1, usage: 64 } as const;

try {
  await makeProgram((line) => console.log(line)).parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.exitCode = conclude(error);
}

/** A mistake in the command line has been said on stderr already. */
function conclude(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (!(error instanceof BundleError)) throw error;
  console.error(`error: ${error.message} (${error.code})\n${error.advice}`);
  return EXIT.failed;
}
