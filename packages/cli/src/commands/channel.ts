import { InvalidArgumentError, type Command } from "commander";
import type { Context } from "../context.ts";
import { channelDetails, channelTable } from "../output/channels.ts";
import { connect, reply, type GlobalFlags } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";

interface RolloutFlags extends GlobalFlags {
  samples?: number;
}

function samplesOf(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number from 3 to 200.");
}

export function addChannelCommands(program: Command, context: Context): void {
  const group = program.command("channel").description("channels: names that stand for an image");
  group
    .command("list")
    .description("Lists channels with their images and what is being rolled out.")
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["channels"], async (client) => {
        const channels = await client.listChannels();
        return {
          document: { channels },
          text: (style) => channelTable(channels, style),
        };
      });
    });
  group
    .command("show <name>")
    .description("Shows a channel, its rollout, and what was decided and why.")
    .addOption(watchOption())
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["channels"], async (client) => {
        const channel = await client.getChannel(name);
        return {
          document: channel,
          text: (style) => channelDetails(channel, style),
        };
      });
    });
  group
    .command("set <name> <image>")
    .summary("give all new VMs of a channel an image at once")
    .description("Makes the channel, or gives all its new VMs the image at once. Ends a rollout.")
    .action(async (name: string, image: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const channel = await connect(flags, context).setChannel(name, { image });
      reply(context, flags, channel, (style) => channelDetails(channel, style));
    });
  group
    .command("rollout <name> <image>")
    .summary("shift a channel's new VMs to another image step by step")
    .description(
      "Shifts 10 %, 50 % and all new VMs to the image. Goes on when enough of them came up no worse than with the old image, and rolls back by itself when it is clearly worse.",
    )
    .option("--samples <count>", "bring-ups that each step must have seen (default: 10)", samplesOf)
    .action(async (name: string, image: string, _flags, command: Command) => {
      const { samples, ...flags } = command.optsWithGlobals<RolloutFlags>();
      const channel = await connect(flags, context).rollOutChannel(name, { image, samplesPerStep: samples });
      reply(context, flags, channel, (style) => channelDetails(channel, style));
    });
  group
    .command("rollback <name>")
    .description("Ends a channel's rollout: all new VMs get the old image.")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const channel = await connect(flags, context).rollBackChannel(name);
      reply(context, flags, channel, (style) => channelDetails(channel, style));
    });
  group
    .command("remove <name>")
    .description("Removes a channel. Its VMs keep the image that they got.")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await connect(flags, context).removeChannel(name);
      reply(context, flags, { name, removed: true }, () => `Channel ${name} is removed`);
    });
}
