import { resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import type { Command } from "commander";
import { makeClient } from "../api/client.ts";
import { CliError, usageError } from "../cli-error.ts";
import { configPath, writeConfig } from "../config.ts";
import { controlPlaneUrl, makeConnection, tidyToken, trustSettings, type Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { promptSecret } from "../prompt.ts";
import { note, reply, type GlobalFlags } from "./common.ts";

interface LoginFlags extends GlobalFlags {
  check: boolean;
}

export function addLoginCommand(program: Command, context: Context): void {
  program
    .command("login")
    .summary("keep a control plane's URL and a token for later commands")
    .description(
      "Keeps a control plane's URL and a token in the config file. The token is asked for without echo, or read from stdin when that is no terminal.",
    )
    .option("--no-check", "keep them without asking the control plane whether they are right")
    .addHelpText("after", "\nExample:\n  tartfleet login --url https://tartfleet.example.com < token-file")
    .action((_flags, command: Command) => login(command.optsWithGlobals<LoginFlags>(), context));
}

async function login(flags: LoginFlags, context: Context): Promise<void> {
  if (flags.token !== undefined || flags.tokenFile !== undefined) {
    throw usageError("login reads the token from stdin", ["Run: tartfleet login --url URL < token-file"]);
  }
  const url = controlPlaneUrl(
    flags.url ?? (context.env["TARTFLEET_URL"] || "http://127.0.0.1:7337"),
    "--url (or TARTFLEET_URL)",
  );
  const { stdin } = context;
  const token = tidyToken(
    stdin.isTTY ? await promptSecret(`Token for ${url}: `, context) : await readAll(stdin),
    "The token",
  );
  const { caFile, insecure } = trustSettings(flags, context.env);
  const connection = makeConnection({ url, token, caFile, insecure });
  if (flags.check) await check(connection, context);
  const path = configPath(context.env);
  writeConfig(path, {
    url,
    token,
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
    ...(insecure ? { insecure } : {}),
  });
  reply(context, flags, { url, file: path }, () => `URL and token of ${url} are kept in ${path}`);
}

/** A token that is known but may not read the fleet is right all the same. */
async function check(connection: Connection, context: Context): Promise<void> {
  try {
    await makeClient(connection).capacity();
  } catch (error) {
    if (!(error instanceof CliError && error.exit === EXIT.refused && error.facts.code === "forbidden"))
      throw error;
    note(context, "The token is valid, but may not read the fleet; most commands will be refused.");
  }
}
