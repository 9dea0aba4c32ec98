import { TartfleetError } from "@tartfleet/client";
import { talk as talkOver, type Near } from "@tartfleet/client/transport";
import type { TunnelEnd } from "@tartfleet/tunnel";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

const ADVICE: Readonly<Record<string, readonly string[]>> = {
  guest_refused: ["The agent logs in by its --ssh-user and --ssh-password-file; or use tartfleet vm ssh."],
  outcome_unknown: ["It may have been done, wholly or in part."],
};

/**
 * Carries input and output until the other side has said its last word.
 *
 * @returns the exit code, of a command
 * @throws CliError when the tunnel ends before that, or the host could not do what was asked
 */
export async function talk(end: TunnelEnd, near: Near): Promise<number | undefined> {
  try {
    return await talkOver(end, near);
  } catch (error) {
    if (!(error instanceof TartfleetError)) throw error;
    const { code, message } = error;
    throw new CliError(EXIT.tunnelFailed, message, { code, advice: ADVICE[code] ?? [] });
  }
}
