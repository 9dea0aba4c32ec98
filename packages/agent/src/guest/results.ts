import { failed, ok, type Result } from "../tart/result.ts";
import type { Guest, GuestFailure } from "./guest.ts";
import { runRepeatable } from "./repeat.ts";

const OUTPUT_BYTES = 65_536;

export interface ScriptResult {
  /** Null while the script runs. */
  exitCode: number | null;
  output: string;
  truncated: boolean;
}

/** base64 with its length, because `exec` may lose output (tart-contract §7). */
const READ = `cd ~/.tartfleet 2>/dev/null || exit 0
code=$(cat exit-code 2>/dev/null)
size=$(($(cat output.old output.log 2>/dev/null | wc -c)))
dropped=no; if [ -e output.old ]; then dropped=yes; fi
text=$(cat output.old output.log 2>/dev/null | tail -c ${OUTPUT_BYTES} | base64 | tr -d '\\n')
printf '%s %s %s %s %s\\n' "\${code:--}" "$size" "$dropped" "\${#text}" "$text"`;

/** Exit code and the last 64 KiB of what the runner printed. */
export async function readScriptResult(
  guest: Guest,
  options: { signal: AbortSignal },
): Promise<Result<ScriptResult, GuestFailure>> {
  const ran = await runRepeatable(guest, READ, { timeoutSeconds: 30, ...options }, (stdout) => {
    const { length, text } = fields(stdout);
    return Number(length) === text.length;
  });
  if (!ran.ok) return ran;
  const { code, size, dropped, text } = fields(ran.value.stdout);
  return ok({
    exitCode: /^\d+$/.test(code) ? Number(code) : null,
    output: Buffer.from(text, "base64").toString("utf8"),
    truncated: dropped === "yes" || Number(size) > OUTPUT_BYTES,
  });
}

function fields(stdout: string) {
  const [code = "", size = "", dropped = "", length = "", text = ""] = stdout.trim().split(" ");
  return { code, size, dropped, length, text };
}

/** In the background, so that the answer leaves the guest before its network does. */
const SHUTDOWN = `PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || exit 1
(trap '' HUP; sleep 0.2; sudo -n shutdown -h now || shutdown -h now) </dev/null >/dev/null 2>&1 &
exit 0`;

/**
 * Asks the guest's own system to shut down. Success says that it was asked; that it is off shows in the end of
 * its `tart run`.
 */
export async function requestShutdown(
  guest: Guest,
  options: { signal: AbortSignal },
): Promise<Result<void, GuestFailure>> {
  const ran = await runRepeatable(guest, SHUTDOWN, { timeoutSeconds: 15, ...options });
  if (!ran.ok) return ran;
  if (ran.value.exitCode === 0) return ok();
  return failed({
    class: "refused",
    via: guest.via,
    message: "The guest's user may not shut it down without a password. Give it a sudo rule in the image.",
    output: ran.value.stderr.slice(-2000),
  });
}
