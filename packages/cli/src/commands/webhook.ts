import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import {
  NOTICE_TYPES,
  noticeFilterSchema,
  webhookTemplateSchema,
  type ChangeWebhook,
  type DeliveryRecord,
  type NoticeFilter,
  type WebhookTemplate,
} from "@tartfleet/shared";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { Client } from "../api/client.ts";
import { CliError, messageOf, usageError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { deliveryTable, webhookDetails, webhookTable, type DeliveryOf } from "../output/webhooks.ts";
import { count } from "../output/text.ts";
import { connect, duration, note, positive, reply, type GlobalFlags } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";
import { handOver, TO_FILE, type SecretFlags } from "./hand-over.ts";

interface TargetFlags {
  target?: string;
  targetFile?: string;
}

interface CreateFlags extends SecretFlags, TargetFlags {
  event: NoticeFilter[];
  team?: string;
  template: WebhookTemplate;
}

interface SetFlags extends GlobalFlags, TargetFlags {
  event?: NoticeFilter[];
  team?: string;
  template?: WebhookTemplate;
  enable?: true;
  disable?: true;
}

const TARGET = [
  "--target <url>",
  "where to; seen by others in ps, so a Slack URL is better in a file",
] as const;
const TARGET_FILE = ["--target-file <file>", "file that holds the URL; - is stdin"] as const;
const EVENT = [
  "--event <type>",
  "what it is told of: a type, vm.*, host.*, channel.* or *; can be repeated",
] as const;
const TYPES_HELP = `\nTypes:\n${Object.entries(NOTICE_TYPES)
  .map(([type, text]) => `  ${type.padEnd(22)} ${text}`)
  .join("\n")}`;

export function addWebhookCommands(program: Command, context: Context): void {
  const group = program.command("webhook").description("webhooks: who is told of what happens (for admins)");
  group
    .command("create <name>")
    .summary("have a URL told of what happens; its secret is shown once")
    .description(
      "Has a URL told of what happens from now on. Each message is signed with a secret, which is shown this once, alone on stdout; with --to-file it goes to a file that only you can read.",
    )
    .option(...TARGET)
    .option(...TARGET_FILE)
    .requiredOption(...EVENT, eventOf)
    .option("--team <name>", "of this team's VMs alone")
    .addOption(templateOption().default("json"))
    .option(...TO_FILE)
    .addHelpText("after", TYPES_HELP)
    .action((name: string, _flags, command: Command) =>
      create(name, command.optsWithGlobals<CreateFlags>(), context),
    );
  group
    .command("list")
    .description("Lists webhooks, what waits for each, and what was given up.")
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["webhooks"], async (client) => {
        const webhooks = await client.listWebhooks();
        return {
          document: { webhooks },
          text: (style) => webhookTable(webhooks, style),
        };
      });
    });
  group
    .command("get <name>")
    .description("Shows a webhook, and what became of its newest tries.")
    .addOption(watchOption())
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["webhooks"], async (client) => {
        const webhook = await client.getWebhook(name);
        return {
          document: webhook,
          text: (style) => webhookDetails(webhook, style),
        };
      });
    });
  group
    .command("set <name>")
    .summary("change a webhook, disable it or enable it again")
    .description(
      "Changes what is given. A webhook that is disabled is told of nothing that happens meanwhile; what waited for it before goes on waiting.",
    )
    .option(...TARGET)
    .option(...TARGET_FILE)
    .option(...EVENT, eventOf)
    .option("--team <name>", "of this team's VMs alone; `none` for all")
    .addOption(templateOption())
    .addOption(new Option("--enable", "tell it again").conflicts("disable"))
    .option("--disable", "tell it nothing more")
    .addHelpText("after", TYPES_HELP)
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<SetFlags>();
      const webhook = await connect(flags, context).changeWebhook(name, await changeOf(flags, context));
      reply(context, flags, webhook, (style) => webhookDetails(webhook, style));
    });
  group
    .command("remove <name>")
    .description("Removes a webhook with what waits for it and what was given up.")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await connect(flags, context).removeWebhook(name);
      reply(context, flags, { name, removed: true }, () => `Webhook ${name} is removed`);
    });
  group
    .command("rotate <name>")
    .summary("give a webhook a new secret; it is shown once")
    .description(
      "Gives a webhook a new secret, which is shown this once. For the grace its messages are signed with the one before as well.",
    )
    .addOption(
      new Option("--grace <duration>", "how long the secret before signs as well")
        .default(86_400, "1d")
        .argParser(duration),
    )
    .option(...TO_FILE)
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<SecretFlags & { grace: number }>();
      await handOver(flags, context, "secret", async () => {
        const rotated = await connect(flags, context).rotateWebhook(name, { graceSeconds: flags.grace });
        note(context, `Webhook ${name} has a new secret.`);
        return rotated;
      });
    });
  group
    .command("test <name>")
    .description("Sends a ping now and says what became of it; fails when it was not taken.")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const tried = await connect(flags, context).testWebhook(name);
      if (!tried.delivered)
        throw new CliError(EXIT.unreachable, `Webhook ${name} did not take a ping: ${tried.message}`, {
          code: "webhook_not_delivered",
        });
      reply(context, flags, tried, () => `Webhook ${name} took a ping (${tried.message})`);
    });
  for (const [state, what] of [
    ["dead", "what could not be delivered and was given up"],
    ["pending", "what waits for its first or next try"],
  ] as const)
    group
      .command(`${state} [name]`)
      .description(`Lists ${what}, of one webhook or of all.`)
      .action(async (name: string | undefined, _flags, command: Command) => {
        const flags = command.optsWithGlobals<GlobalFlags>();
        const deliveries = await deliveriesOf(connect(flags, context), name, state);
        reply(context, flags, { deliveries }, (style) => deliveryTable(deliveries, style));
      });
  group
    .command("replay <name> [id]")
    .description("Tries one dead delivery again, or all of a webhook's, as if they were new.")
    .action(async (name: string, id: string | undefined, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const which = id === undefined ? {} : { id: deliveryId(id) };
      const replayed = await connect(flags, context).replayWebhook(name, which);
      reply(
        context,
        flags,
        { name, replayed },
        () => `${count(replayed, "delivery", "deliveries")} tried again`,
      );
    });
}

function create(name: string, flags: CreateFlags, context: Context): Promise<void> {
  const { event: events, team, template } = flags;
  return handOver(flags, context, "secret", async () => {
    const url = await targetOf(flags, context);
    if (url === undefined) throw usageError("--target or --target-file must say where to");
    const made = await connect(flags, context).createWebhook({
      name,
      url,
      events,
      template,
      ...(team === undefined ? {} : { team }),
    });
    note(context, `Webhook ${name} was made; \`tartfleet webhook test ${name}\` sends a ping.`);
    return made;
  });
}

async function changeOf(flags: SetFlags, context: Context): Promise<ChangeWebhook> {
  const { event: events, team, template, enable, disable } = flags;
  const url = await targetOf(flags, context);
  const change = {
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events }),
    ...(team === undefined ? {} : { team: team === "none" ? null : team }),
    ...(template === undefined ? {} : { template }),
    ...(enable || disable ? { enabled: enable === true } : {}),
  };
  if (Object.keys(change).length === 0) throw usageError("nothing was given that could be changed");
  return change;
}

async function targetOf(
  { target, targetFile }: TargetFlags,
  { stdin }: Pick<Context, "stdin">,
): Promise<string | undefined> {
  if (target !== undefined && targetFile !== undefined)
    throw usageError("--target and --target-file cannot both be given");
  if (targetFile === undefined) return target;
  try {
    return (targetFile === "-" ? await readAll(stdin) : readFileSync(targetFile, "utf8")).trim();
  } catch (error) {
    throw usageError(`--target-file ${targetFile} cannot be read: ${messageOf(error)}`);
  }
}

async function deliveriesOf(
  client: Client,
  name: string | undefined,
  state: DeliveryRecord["state"],
): Promise<DeliveryOf[]> {
  const names =
    name === undefined
      ? (await client.listWebhooks()).flatMap((webhook) => (webhook[state] > 0 ? [webhook.name] : []))
      : [name];
  const found = await Promise.all(
    names.map(async (webhook) =>
      (await client.listDeliveries(webhook, state)).map((delivery) => ({ webhook, ...delivery })),
    ),
  );
  return found.flat();
}

function deliveryId(text: string): number {
  try {
    return positive(text);
  } catch {
    throw usageError(`${text} is not the id of a delivery`);
  }
}

function eventOf(text: string, before: NoticeFilter[] = []): NoticeFilter[] {
  const parsed = noticeFilterSchema.safeParse(text);
  if (parsed.success) return [...before, parsed.data];
  throw new InvalidArgumentError("It must be a type (--help lists them), vm.*, host.*, channel.* or *.");
}

function templateOption(): Option {
  return new Option("--template <template>", "json for programs, slack for people").choices(
    webhookTemplateSchema.options,
  );
}
