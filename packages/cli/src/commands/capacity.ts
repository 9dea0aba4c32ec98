import type { Command } from "commander";
import type { Context } from "../context.ts";
import { capacityText } from "../output/capacity.ts";
import { connect, reply, type GlobalFlags } from "./common.ts";

export function addCapacityCommand(program: Command, context: Context): void {
  program
    .command("capacity")
    .description("Shows the fleet's slots and the length of its queue, by host label and by image.")
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const capacity = await connect(flags, context).capacity();
      reply(context, flags, capacity, (style) => capacityText(capacity, style));
    });
}
