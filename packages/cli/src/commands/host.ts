import type { Command } from "commander";
import type { Context } from "../context.ts";
import { hostDetails, hostTable } from "../output/hosts.ts";
import { addAttempts } from "./attempts.ts";
import { addCordonCommands } from "./host-cordon.ts";
import { connect, reply, type GlobalFlags } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";

export function addHostCommands(program: Command, context: Context): void {
  const group = program.command("host").description("hosts: the Macs that run the VMs");
  group
    .command("list")
    .description("Lists hosts with their slots.")
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["hosts"], async (client) => {
        const hosts = await client.listHosts();
        return {
          document: { hosts },
          text: (style) => hostTable(hosts, style),
          empty:
            hosts.length === 0
              ? "No host is enrolled. An agent enrols its host with a host-enrolment token."
              : undefined,
        };
      });
    });
  group
    .command("get <name>")
    .description("Shows one host, what is in its slots, and its images.")
    .addOption(watchOption())
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["hosts"], async (client) => {
        const host = await client.getHost(name);
        return {
          document: host,
          text: (style) => hostDetails(host, style),
        };
      });
    });
  addAttempts(group, context, "host");
  addCordonCommands(group, context);
  group
    .command("revoke <name>")
    .summary("end a host's credential at once")
    .description(
      "Ends a host's credential at once and cuts its agent off, for a Mac that is lost or in the wrong hands. No VM is placed there any more; those that are there stay as they are until the host is enrolled anew.",
    )
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await connect(flags, context).revokeHost(name);
      reply(context, flags, { name, revoked: true }, () => `The credential of host ${name} is revoked`);
    });
}
