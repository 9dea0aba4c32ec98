import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { standing } from "../../output/vm-words.ts";
import { connect, duration, reconnectOption, reply } from "../common.ts";
import type { GlobalFlags, PatienceFlags } from "../common.ts";
import { waitUntil } from "./wait.ts";

interface DeleteFlags extends GlobalFlags, PatienceFlags {
  wait?: true;
  timeout?: number;
}

export function addDelete(group: Command, context: Context): void {
  group
    .command("delete <id>")
    .summary("end a VM now")
    .description("Ends a VM now, whatever it does; a job in it is lost. Asking again changes nothing.")
    .option("--wait", "until it is gone from its host")
    .option("--timeout <duration>", "with --wait: give up waiting after this (exit 6)", duration)
    .addOption(reconnectOption())
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<DeleteFlags>();
      const vm = await connect(flags, context).deleteVm(id);
      const last = flags.wait ? await waitUntil(id, { ...flags, for: "ended" }, context) : vm;
      reply(context, flags, last, () => standing(last, context.now()));
    });
}
