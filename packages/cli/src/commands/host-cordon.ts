import type { RemovedHost } from "@tartfleet/shared";
import type { Command } from "commander";
import type { Context } from "../context.ts";
import { hostDetails } from "../output/hosts.ts";
import { count } from "../output/text.ts";
import { connect, duration, note, reply, type GlobalFlags } from "./common.ts";

interface CordonFlags extends GlobalFlags {
  reason: string;
  for?: number;
}

interface DrainFlags extends GlobalFlags {
  reason: string;
  deadline?: number;
  endVms?: true;
}

interface RemoveFlags extends GlobalFlags {
  force?: true;
  dryRun?: true;
}

/** Hosts that are to get nothing new, or to leave the fleet. */
export function addCordonCommands(group: Command, context: Context): void {
  group
    .command("cordon <name>")
    .summary("place nothing new on a host")
    .description(
      "Places nothing new on a host; what runs there goes on. Who, why and until when stand in its record.",
    )
    .requiredOption("--reason <text>", "why, for whoever wonders later")
    .option("--for <duration>", "it ends by itself after so long, like 2h", duration)
    .action(async (name: string, _flags, command: Command) => {
      const { reason, for: forSeconds, ...flags } = command.optsWithGlobals<CordonFlags>();
      const host = await connect(flags, context).cordonHost(name, { reason, forSeconds });
      reply(context, flags, host, (style) => hostDetails(host, style));
    });
  group
    .command("uncordon <name>")
    .summary("place VMs on a host again")
    .description("Ends a host's cordon or drain: VMs are placed there again.")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const host = await connect(flags, context).uncordonHost(name);
      reply(context, flags, host, (style) => hostDetails(host, style));
    });
  group
    .command("drain <name>")
    .summary("let a host become empty")
    .description(
      "Places nothing new on a host and lets what runs there end. Past the deadline those that are left are told of; with --end-vms they are ended then. `host get NAME` shows how far it is.",
    )
    .requiredOption("--reason <text>", "why, for whoever wonders later")
    .option("--deadline <duration>", "how long its VMs may take (default 6h)", duration)
    .option("--end-vms", "end those that are left past the deadline")
    .action(async (name: string, _flags, command: Command) => {
      const { reason, deadline, endVms, ...flags } = command.optsWithGlobals<DrainFlags>();
      const host = await connect(flags, context).drainHost(name, {
        reason,
        deadlineSeconds: deadline,
        endVms,
      });
      reply(context, flags, host, (style) => hostDetails(host, style));
    });
  group
    .command("remove <name>")
    .summary("take a host out of the fleet")
    .description(
      "Takes a host out of the fleet for good: its credential ends and its name is free again. Refused while VMs are there; with --force those that are ready fail (host_removed), and those that are not yet are tried elsewhere. Nobody stops them on the Mac: end its agent and its VMs there.",
    )
    .option("--force", "also with VMs there")
    .option("--dry-run", "only say what would become of its VMs")
    .action(async (name: string, _flags, command: Command) => {
      const { force, dryRun, ...flags } = command.optsWithGlobals<RemoveFlags>();
      const client = connect(flags, context);
      if (force && !dryRun && !flags.json)
        note(context, fate(await client.removeHost(name, { dryRun: true })));
      const removed = await client.removeHost(name, { force, dryRun });
      reply(context, flags, removed, () => (removed.removed ? `Host ${name} is removed` : fate(removed)));
    });
}

const FATES = {
  failed: "fails (host_removed)",
  queued: "is tried on another host",
  ended: "has ended",
} as const;

function fate({ name, vms }: RemovedHost): string {
  if (vms.length === 0) return `Host ${name} has no VMs.`;
  return [
    `When host ${name} is removed, of ${count(vms.length, "VM")}:`,
    ...vms.map(({ vmId, state, becomes }) => `  ${vmId} (${state}) ${FATES[becomes]}`),
  ].join("\n");
}
