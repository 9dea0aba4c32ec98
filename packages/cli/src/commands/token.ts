import { tokenRoleSchema, type TokenRole } from "@tartfleet/shared";
import { Option, type Command } from "commander";
import type { Context } from "../context.ts";
import { tokenTable } from "../output/tokens.ts";
import { timeWithAge } from "../output/time.ts";
import { connect, duration, label, note, positive, reply, type GlobalFlags } from "./common.ts";
import { handOver, TO_FILE, type SecretFlags } from "./hand-over.ts";

interface CreateFlags extends SecretFlags {
  role: TokenRole;
  name: string;
  team?: string;
  uses?: number | "unlimited";
  hostLabel?: Record<string, string>;
  expiresIn?: number;
}

interface RotateFlags extends SecretFlags {
  grace: number;
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
    .option(
      "--expires-in <duration>",
      "how long it is valid (default: until it is revoked; a day for host-enrolment)",
      duration,
    )
    .option("--uses <count>", "for host-enrolment: how many hosts, or `unlimited` (default: 1)", uses)
    .option(
      "--host-label <key=value>",
      "for host-enrolment: a label of its hosts, whatever their agents say; can be repeated",
      label,
    )
    .option(...TO_FILE)
    .action((_flags, command: Command) => create(command.optsWithGlobals<CreateFlags>(), context));
  group
    .command("rotate <id>")
    .summary("give a token a new secret; it is shown once")
    .description(
      "Gives a token a new secret, which is shown this once. The one before works on for the grace; with --grace 0 it stops at once, and what was opened with it is cut off.",
    )
    .addOption(
      new Option("--grace <duration>", "how long the secret before still works")
        .default(3600, "1h")
        .argParser(duration),
    )
    .option(...TO_FILE)
    .action((id: string, _flags, command: Command) =>
      rotate(id, command.optsWithGlobals<RotateFlags>(), context),
    );
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
    .description("Revokes a token at once, and cuts off what was opened with it.")
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await connect(flags, context).revokeToken(id);
      reply(context, flags, { id, revoked: true }, () => `Token ${id} is revoked`);
    });
}

function create(flags: CreateFlags, context: Context): Promise<void> {
  const { role, name, team, expiresIn, uses, hostLabel } = flags;
  return handOver(flags, context, "token", async () => {
    const made = await connect(flags, context).createToken({
      role,
      name,
      ...(team === undefined ? {} : { team }),
      ...(uses === undefined ? {} : { uses }),
      ...(hostLabel === undefined ? {} : { hostLabels: hostLabel }),
      ...(expiresIn === undefined ? {} : { expiresInSeconds: expiresIn }),
    });
    const until =
      made.expiresAt === null ? "" : `, valid until ${timeWithAge(made.expiresAt, context.now())}`;
    note(context, `Token ${made.id} (${role}, ${name}) was made${until}.`);
    return made;
  });
}

function rotate(id: string, flags: RotateFlags, context: Context): Promise<void> {
  return handOver(flags, context, "token", async () => {
    const rotated = await connect(flags, context).rotateToken(id, { graceSeconds: flags.grace });
    const until =
      rotated.previousUntil === null
        ? "the one before no longer works"
        : `the one before works until ${timeWithAge(rotated.previousUntil, context.now())}`;
    note(context, `Token ${id} (${rotated.role}, ${rotated.name}) has a new secret; ${until}.`);
    return rotated;
  });
}

function uses(text: string): number | "unlimited" {
  return text === "unlimited" ? text : positive(text);
}
