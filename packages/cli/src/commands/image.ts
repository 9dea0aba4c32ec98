import { InvalidArgumentError, type Command } from "commander";
import type { Context } from "../context.ts";
import { pruneTable } from "../output/image-prune.ts";
import { imageTable } from "../output/images.ts";
import { addAttempts } from "./attempts.ts";
import { addPlanCommands } from "./image-plan.ts";
import { connect, note, reply, type GlobalFlags } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";

interface PruneFlags extends GlobalFlags {
  host?: string;
  dryRun?: true;
  untilFree?: number;
  foreign?: true;
}

export function addImageCommands(program: Command, context: Context): void {
  const group = program.command("image").description("images: what hosts have and are to have");
  group
    .command("list")
    .description(
      "Lists the images that hosts have, by name and digest. One that differs stands for different images on different hosts: a tag was moved since some of them pulled it.",
    )
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["images"], async (client) => {
        const images = await client.listImages();
        return {
          document: { images },
          text: (style) => imageTable(images, style),
          empty: images.length === 0 ? "No host has told of an image yet." : undefined,
        };
      });
    });
  addAttempts(group, context, "image");
  addPlanCommands(group, context);
  group
    .command("prune")
    .summary("make room on hosts: remove images that nobody needs")
    .description(
      "Removes images that nobody needs, the least recently used first, until so much of the disk is free; shows what goes, and what stays for what reason. Never what a VM of the queue or of the host has, what is pinned, planned or a channel's, or what is being fetched; and what people fetched on that Mac only with --foreign. The control plane does the same by itself on hosts whose disk is nearly full.",
    )
    .option("--host <name>", "only on this host")
    .option("--dry-run", "only show it")
    .option(
      "--until-free <percent>",
      "of the disk; 100: all that nobody needs (default: the control plane's --prune-until-percent)",
      percent,
    )
    .option("--foreign", "also images that tartfleet did not fetch")
    .action(async (_flags, command: Command) => {
      const {
        host,
        dryRun = false,
        untilFree,
        foreign = false,
        ...flags
      } = command.optsWithGlobals<PruneFlags>();
      const hosts = await connect(flags, context).pruneImages({
        dryRun,
        foreign,
        ...(host === undefined ? {} : { host }),
        ...(untilFree === undefined ? {} : { untilFreePercent: untilFree }),
      });
      if (hosts.length === 0 && !flags.json)
        return note(context, "No host is connected whose agent can be told to remove images.");
      reply(context, flags, { hosts }, (style) => pruneTable(hosts, dryRun, style));
    });
}

function percent(text: string): number {
  const value = Number(text.replace(/%$/, ""));
  if (/^\d{1,3}%?$/.test(text) && value <= 100) return value;
  throw new InvalidArgumentError("It must be a percentage from 0 to 100.");
}
