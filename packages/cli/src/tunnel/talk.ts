import type { Readable, Writable } from "node:stream";
import { TUNNEL_CUTS, type TunnelFailure } from "@tartfleet/shared";
import { write, type TunnelClose, type TunnelEnd } from "@tartfleet/tunnel";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

/** What is on this side of a tunnel. */
export interface Near {
  /** Without it, the other side's input is empty. */
  input?: Readable;
  output: Writable;
  errorOutput?: Writable;
}

/**
 * Carries input and output until the other side has said its last word, each as fast as it is taken.
 *
 * @returns the exit code, of a command
 * @throws CliError when the tunnel ends before that, or the host could not do what was asked
 */
export async function talk(
  end: TunnelEnd,
  { input, output, errorOutput }: Near,
): Promise<number | undefined> {
  void (input ? end.carry("input", input) : Promise.resolve()).then(() => end.send({ kind: "input_end" }));
  for await (const frame of end.frames()) {
    switch (frame.kind) {
      case "output":
        await write(output, frame.bytes);
        break;
      case "error_output":
        if (errorOutput) await write(errorOutput, frame.bytes);
        break;
      case "exit":
      case "output_end":
        end.close();
        return frame.kind === "exit" ? frame.code : undefined;
      case "failed":
        end.close();
        throw failureOf(frame.failure);
      case "opened":
      case "open":
      case "input":
      case "input_end":
      case "resize":
        break;
      default:
        frame satisfies never;
    }
  }
  throw brokenOff(await end.closed);
}

function failureOf({ code, message }: TunnelFailure): CliError {
  return new CliError(EXIT.tunnelFailed, message, { code, advice: ADVICE[code] ?? [] });
}

const ADVICE: Partial<Record<TunnelFailure["code"], string[]>> = {
  guest_refused: ["The agent logs in by its --ssh-user and --ssh-password-file; or use tartfleet vm ssh."],
  outcome_unknown: ["It may have been done, wholly or in part."],
};

function brokenOff(close: TunnelClose): CliError {
  if (close.kind === "cut") {
    return new CliError(EXIT.tunnelFailed, TUNNEL_CUTS[close.cut].text, { code: close.cut });
  }
  return new CliError(EXIT.tunnelFailed, "The connection to the control plane was lost", {
    code: "connection_lost",
    advice: ["The VM goes on; what ran over this connection was ended."],
  });
}
