import type { Command } from "commander";
import type { Context } from "../context.ts";
import { queueText } from "../output/queue.ts";
import { positive } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";

interface QueueFlags extends WatchFlags {
  limit: number;
}

export function addQueueCommand(program: Command, context: Context): void {
  program
    .command("queue")
    .summary("who waits, why and until when")
    .description(
      "Shows who waits for a slot: a line for VMs of one team and class that need the same, with how many there are, why the first of them waits and when it is likely to start. `vm explain ID` says more of one.",
    )
    .option("--limit <count>", "at most so many lines, up to 100", positive, 25)
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<QueueFlags>();
      await present(context, flags, ["queue"], async (client) => {
        const page = await client.queue(flags.limit);
        return {
          document: page,
          text: (style) => queueText(page, style),
          empty: page.total === 0 ? "Nobody waits." : undefined,
        };
      });
    });
}
