import type { Command } from "commander";
import type { Context } from "../context.ts";
import { imageTable } from "../output/images.ts";
import { addPlanCommands } from "./image-plan.ts";
import { connect, note, reply, type GlobalFlags } from "./common.ts";

export function addImageCommands(program: Command, context: Context): void {
  const group = program.command("image").description("images: what hosts have and are to have");
  group
    .command("list")
    .description(
      "Lists the images that hosts have, by name and digest. One that differs stands for different images on different hosts: a tag was moved since some of them pulled it.",
    )
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const images = await connect(flags, context).listImages();
      if (images.length === 0 && !flags.json) return note(context, "No host has told of an image yet.");
      reply(context, flags, { images }, (style) => imageTable(images, style));
    });
  addPlanCommands(group, context);
}
