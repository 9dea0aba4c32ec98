import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { ask } from "../ask.ts";
import { callerUid } from "../which-mac.ts";

/** Runs one `launchctl` command line. All but `asuser` is launchd's own work. */
export async function main(argv: readonly string[]): Promise<void> {
  const { env, stdout } = process;
  if (argv[0] === "asuser" && argv.length > 2) process.exit(asUser(argv));
  const answer = await ask(
    {
      program: "launchctl",
      argv: [...argv],
      cwd: process.cwd(),
      uid: callerUid(env),
      isTerminal: isatty(1),
    },
    env,
  );
  stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  process.exitCode = answer.exitCode;
}

/** `asuser UID PROGRAM…`: in that user's session, though not as that user. */
function asUser([, uid = "", program = "", ...args]: readonly string[]): number {
  const { status, signal, error } = spawnSync(program, args, {
    stdio: "inherit",
    env: { ...process.env, MAC_SIM_UID: uid },
  });
  if (error) process.stderr.write(`launchctl: ${program}: ${error.message}\n`);
  return status ?? (signal === null ? 1 : 128 + constants.signals[signal]);
}
