import { Option, type Command } from "commander";
import type { CapacityFilter } from "../api/client.ts";
import type { Context } from "../context.ts";
import { capacityText } from "../output/capacity.ts";
import { collect } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";

interface CapacityFlags
  extends WatchFlags, Pick<CapacityFilter, "image" | "team" | "priority" | "os" | "cpu"> {
  memoryMib?: string;
  hostLabel?: string[];
}

export function addCapacityCommand(program: Command, context: Context): void {
  program
    .command("capacity")
    .description(
      "Shows the fleet's slots and the length of its queue, by host label and by image; with any of the flags also how many such VMs could start now, and what becomes free soon.",
    )
    .option("--image <reference>", "VMs of this image")
    .option("--team <team>", "for this team's share (default: the token's)")
    .option("--priority <class>", "of this class")
    .addOption(new Option("--os <os>", "of guests (default: macos)").choices(["macos", "linux"]))
    .option("--cpu <count>", "with so many CPUs")
    .option("--memory-mib <MiB>", "with so much memory")
    .option("--host-label <key=value>", "on hosts with this label; can be repeated", collect)
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<CapacityFlags>();
      await present(context, flags, ["hosts", "queue", "teams"], async (client) => {
        const capacity = await client.capacity(filterOf(flags));
        return { document: capacity, text: (style) => capacityText(capacity, style) };
      });
    });
}

function filterOf({ image, team, priority, os, cpu, memoryMib, hostLabel }: CapacityFlags): CapacityFilter {
  return {
    ...(image === undefined ? {} : { image }),
    ...(team === undefined ? {} : { team }),
    ...(priority === undefined ? {} : { priority }),
    ...(os === undefined ? {} : { os }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memoryMib === undefined ? {} : { memoryMiB: memoryMib }),
    ...(hostLabel === undefined ? {} : { hostLabels: hostLabel.join(",") }),
  };
}
