import { Argument, type Command } from "commander";
import { resolveConnection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { openTunnel } from "../../tunnel/open.ts";
import { talk } from "../../tunnel/talk.ts";
import type { GlobalFlags } from "../common.ts";

export function addTunnel(group: Command, context: Context): void {
  group
    .command("tunnel <id>")
    .addArgument(new Argument("<what>", "what to reach in the guest").choices(["ssh", "vnc"]))
    .summary("a VM's ssh or vnc port as stdin and stdout, for ssh's ProxyCommand")
    .description(
      "Carries stdin and stdout to and from a port of a VM's guest, through the control plane. For what speaks by itself, like ssh's ProxyCommand in ~/.ssh/config (docs/cli.md has an example).",
    )
    .action(async (id: string, kind: "ssh" | "vnc", _flags, command: Command) => {
      const { stdin, stdout, env } = context;
      const end = await openTunnel(resolveConnection(command.optsWithGlobals<GlobalFlags>(), env), {
        vmId: id,
        kind,
      });
      try {
        await talk(end, { input: stdin, output: stdout });
      } finally {
        stdin.destroy();
      }
    });
}
