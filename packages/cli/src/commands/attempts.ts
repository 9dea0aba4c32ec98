import type { Command } from "commander";
import type { Context } from "../context.ts";
import { attemptTable } from "../output/attempts.ts";
import { connect, note, positive, reply, type GlobalFlags } from "./common.ts";

interface AttemptsFlags extends GlobalFlags {
  limit: number;
}

/** `attempts` in a group of commands: of one of its things. */
export function addAttempts(group: Command, context: Context, of: "host" | "image"): void {
  group
    .command(`attempts <${of === "host" ? "name" : "reference"}>`)
    .summary(`what became of the newest attempts ${of === "host" ? "on a host" : "with an image"}`)
    .description(
      `Shows what became of the newest attempts to bring a VM up ${of === "host" ? "on a host: one on which most fail makes trouble by itself" : "with an image, as VMs asked for it: one of which many fail is broken"}.`,
    )
    .option("--limit <number>", "at most so many, 500 at most", positive, 50)
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<AttemptsFlags>();
      const attempts = await connect(flags, context).listAttempts({ [of]: name, limit: String(flags.limit) });
      if (attempts.length === 0 && !flags.json) return note(context, "There was none yet.");
      reply(context, flags, { attempts }, (style) => attemptTable(attempts, style));
    });
}
