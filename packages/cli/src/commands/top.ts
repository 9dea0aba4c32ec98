import type { Command } from "commander";
import type { Context } from "../context.ts";
import { told } from "../top/board.ts";
import { snapshot } from "../top/draw.ts";
import { runTop } from "../top/run.ts";
import { connect, reply, type GlobalFlags } from "./common.ts";

export function addTopCommand(program: Command, context: Context): void {
  program
    .command("top")
    .summary("the fleet as a live screen")
    .description(
      "Shows the fleet as a live screen: slots, queue, what happened in the last hour, every host with its slots, and VMs on their way. Where there is no terminal, or with --json, it is shown once.",
    )
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      if (!flags.json && context.stdin.isTTY && context.stdout.isTTY) {
        return runTop((waiting) => connect(flags, context, waiting), context);
      }
      const board = await connect(flags, context).board();
      reply(context, flags, board, (style) => snapshot(told(undefined, board), style));
    });
}
