import { writeFileSync } from "node:fs";
import { tokenRoleSchema, type TokenRole } from "@tartfleet/shared";
import { Option, type Command } from "commander";
import { messageOf, usageError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import { tokenTable } from "../output/tokens.ts";
import { timeWithAge } from "../output/time.ts";
import { connect, duration, note, reply, type GlobalFlags } from "./common.ts";

interface CreateFlags extends GlobalFlags {
  role: TokenRole;
  name: string;
  team?: string;
  expiresIn?: number;
  toFile?: string;
}

export function addTokenCommands(program: Command, context: Context): void {
  const group = program
    .command("token")
    .description("tokens of people, CI systems and hosts to be enrolled (for admins)");
  group
    .command("create")
    .summary("make a token; it is shown once")
    .description(
      "Makes a token. It is shown this once, alone on stdout; with --to-file it goes to a file that only you can read and is not shown.",
    )
    .addOption(
      new Option("--role <role>", "what it may do").choices(tokenRoleSchema.options).makeOptionMandatory(),
    )
    .requiredOption("--name <name>", "whose it is, for the list and the log")
    .option("--team <name>", "for ci and viewer: whose VMs it makes, sees and ends")
    .option("--expires-in <duration>", "how long it is valid (default: until it is revoked)", duration)
    .option("--to-file <file>", "write it to this new file (mode 0600) instead")
    .action((_flags, command: Command) => create(command.optsWithGlobals<CreateFlags>(), context));
  group
    .command("list")
    .description("Lists tokens, without their secrets.")
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const tokens = await connect(flags, context).listTokens();
      reply(context, flags, { tokens }, (style) => tokenTable(tokens, style));
    });
  group
    .command("revoke <id>")
    .description("Revokes a token at once.")
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await connect(flags, context).revokeToken(id);
      reply(context, flags, { id, revoked: true }, () => `Token ${id} is revoked`);
    });
}

async function create(flags: CreateFlags, context: Context): Promise<void> {
  const { role, name, team, expiresIn, toFile } = flags;
  const client = connect(flags, context);
  // The file is made first: a token that cannot be kept anywhere should not come to be.
  if (toFile !== undefined) writeNew(toFile, "");
  const { token, ...record } = await client.createToken({
    role,
    name,
    ...(team === undefined ? {} : { team }),
    ...(expiresIn === undefined ? {} : { expiresInSeconds: expiresIn }),
  });
  const until =
    record.expiresAt === null ? "" : `, valid until ${timeWithAge(record.expiresAt, context.now())}`;
  note(context, `Token ${record.id} (${role}, ${name}) was made${until}.`);
  if (toFile === undefined) {
    note(context, "It is shown this once:");
    reply(context, flags, { ...record, token }, () => token);
    return;
  }
  writeFileSync(toFile, `${token}\n`);
  reply(context, flags, { ...record, file: toFile }, () => `It is in ${toFile}`);
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw usageError(`--to-file ${path} cannot be made: ${messageOf(error)}`);
  }
}
