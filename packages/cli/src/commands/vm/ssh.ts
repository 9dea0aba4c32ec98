import { spawn } from "node:child_process";
import type { Command } from "commander";
import { CliError } from "../../cli-error.ts";
import { environmentOf, resolveConnection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { exitCodeOf } from "../../stop.ts";
import { connect, type GlobalFlags } from "../common.ts";

interface SshFlags extends GlobalFlags {
  user: string;
}

/**
 * The guest's key is not looked at: clones of an image share it, or make it anew, so that it proves nothing. Whom the
 * tunnel leads to is the control plane's and the host's word, who are known by their keys and credentials.
 */
const HOST_KEY_OPTIONS = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];

export function addSsh(group: Command, context: Context): void {
  group
    .command("ssh <id> [arguments...]")
    .summary("log in to a VM by ssh")
    .description(
      "Logs in to a VM's guest with this machine's ssh, through the control plane. What follows -- goes to ssh after the host's name: options, or a command.",
    )
    .option("-l, --user <user>", "the guest's user", "admin")
    .usage("[options] <id> [-- <arguments...>]")
    .action(async (id: string, args: string[], _flags, command: Command) => {
      const flags = command.optsWithGlobals<SshFlags>();
      resolveConnection(flags, context.env);
      // Said here in one sentence rather than through ssh.
      await connect(flags, context).getVm(id);
      const options = [`ProxyCommand=${proxyCommand(id)}`, ...HOST_KEY_OPTIONS];
      const argv = [...options.flatMap((option) => ["-o", option]), `${flags.user}@${id}`, ...args];
      context.exitWith(await runSsh(argv, environmentOf(flags, context.env)));
    });
}

/** This program, as it was started; to whom it speaks and as whom stands in its environment, not in its arguments. */
function proxyCommand(id: string): string {
  const words = [process.execPath, process.argv[1] ?? "", "vm", "tunnel", id, "ssh"];
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`.replaceAll("%", "%%")).join(" ");
}

function runSsh(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn("ssh", args, { stdio: "inherit", env });
  child.once("error", ({ message }) =>
    reject(
      new CliError(EXIT.tunnelFailed, `ssh cannot be started: ${message}`, {
        code: "no_ssh",
        advice: ["Install OpenSSH's client, or use tartfleet vm exec."],
      }),
    ),
  );
  child.once("close", (code, signal) =>
    resolve(code ?? (signal === "SIGKILL" ? 137 : exitCodeOf("SIGTERM"))),
  );
  return promise;
}
