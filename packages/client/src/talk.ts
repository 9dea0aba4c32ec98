import type { Readable, Writable } from "node:stream";
import { TUNNEL_CUTS } from "@tartfleet/shared";
import { write, type TunnelClose, type TunnelEnd } from "@tartfleet/tunnel";
import { TartfleetError } from "./error.ts";

/** What is on this side of a tunnel. */
export interface Near {
  /** Without it, the other side's input is empty. */
  input?: Readable | undefined;
  output: Writable;
  /** Without it, what is said aside is dropped. */
  errorOutput?: Writable | undefined;
}

/**
 * Carries input and output until the other side has said its last word, each as fast as it is taken.
 *
 * @returns the exit code, of a command
 * @throws TartfleetError when the tunnel ends before that, or the host could not do what was asked
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
        throw new TartfleetError(frame.failure.code, frame.failure.message);
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

function brokenOff(close: TunnelClose): TartfleetError {
  if (close.kind === "cut") return new TartfleetError(close.cut, TUNNEL_CUTS[close.cut].text);
  return new TartfleetError(
    "connection_lost",
    "The connection to the control plane was lost. The VM goes on; what ran over this connection was ended.",
  );
}
