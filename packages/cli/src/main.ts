#!/usr/bin/env node
import { randomUUID } from "node:crypto";
import { CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { CliError, messageOf, usageError } from "./cli-error.ts";
import type { Context, Screen } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { errorDocument, errorText } from "./output/errors.ts";
import { styleOf } from "./output/style.ts";
import { makeProgram } from "./program.ts";

const BROKEN_PIPE = 141;

function screen(stream: NodeJS.WriteStream): Screen {
  // Nobody reads on (`| head`): that is no error, and there is nobody left to tell.
  stream.on("error", () => process.exit(BROKEN_PIPE));
  return {
    write: (text) => void stream.write(text),
    style: () => styleOf(stream, process.env, Date.now()),
  };
}

const context: Context = {
  env: process.env,
  now: Date.now,
  uniqueId: randomUUID,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  exitWith: (code) => void (process.exitCode = code),
  out: screen(process.stdout),
  err: screen(process.stderr),
};

function writeJson(document: unknown): void {
  context.out.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** The one place where anything thrown becomes text and an exit code. */
function conclude(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    // Help and version come here, too. A mistake has been said on stderr already.
    if (error.exitCode === 0) return EXIT.ok;
    if (json) writeJson(errorDocument(usageError(error.message)));
    return EXIT.usage;
  }
  if (!(error instanceof CliError)) {
    context.err.write(`error: a bug in tartfleet: ${messageOf(error)}\n`);
    return EXIT.bug;
  }
  if (json) writeJson(error.facts.document ?? errorDocument(error));
  context.err.write(`${errorText(error, context.err.style())}\n`);
  return error.exit;
}

const args = process.argv.slice(2);
try {
  await makeProgram(context, manifest.version).parseAsync(args, { from: "user" });
} catch (error) {
  process.exitCode = conclude(error, args.includes("--json"));
}
