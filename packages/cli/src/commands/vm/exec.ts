import type { Command } from "commander";
import type { TunnelEnd } from "@tartfleet/tunnel";
import { usageError } from "../../cli-error.ts";
import { resolveConnection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { openTunnel } from "../../tunnel/open.ts";
import { talk } from "../../tunnel/talk.ts";
import type { GlobalFlags } from "../common.ts";

interface ExecFlags extends GlobalFlags {
  tty?: true;
}

export function addExec(group: Command, context: Context): void {
  group
    .command("exec <id> <command...>")
    .summary("run a command in a VM; its exit code is passed on")
    .description(
      "Runs a command in a VM's guest, through the control plane: stdin, stdout, stderr and the exit code are passed on. No shell is involved: say `-- /bin/zsh -lc '…'` for one. Ending this command ends that one. Arguments stand in the process lists of the Mac and of the guest: give secrets by stdin.",
    )
    .option("-t, --tty", "on a terminal, by ssh; for programs that draw, and shells")
    .usage("[options] <id> -- <command...>")
    .action(async (id: string, argv: string[], _flags, command: Command) => {
      const flags = command.optsWithGlobals<ExecFlags>();
      const connection = resolveConnection(flags, context.env);
      const terminal = flags.tty ? terminalOf(context) : undefined;
      const end = await openTunnel(connection, {
        vmId: id,
        kind: "exec",
        argv,
        ...(terminal ? { terminal } : {}),
      });
      const code = await (terminal ? onTerminal(end, context) : run(end, context));
      context.exitWith(code ?? 0);
    });
}

async function run(end: TunnelEnd, { stdin, stdout, stderr }: Context): Promise<number | undefined> {
  try {
    return await talk(end, { input: stdin, output: stdout, errorOutput: stderr });
  } finally {
    // Nobody takes what comes from there any more.
    stdin.destroy();
  }
}

/** Every key goes to the guest, Ctrl-C too, and the guest's terminal is as large as this one. */
async function onTerminal(end: TunnelEnd, context: Context): Promise<number | undefined> {
  const { stdin, stdout } = context;
  const resize = () => void end.send({ kind: "resize", size: sizeOf(stdout) });
  stdout.on("resize", resize);
  stdin.setRawMode(true);
  try {
    return await run(end, context);
  } finally {
    stdout.off("resize", resize);
    if (!stdin.destroyed) stdin.setRawMode(false);
  }
}

function terminalOf({ stdin, stdout, env }: Context) {
  if (!stdin.isTTY || !stdout.isTTY) throw usageError("--tty needs a terminal here, and there is none");
  return { term: env["TERM"] || "xterm-256color", ...sizeOf(stdout) };
}

function sizeOf({ columns, rows }: NodeJS.WriteStream) {
  return { columns: columns || 80, rows: rows || 24 };
}
