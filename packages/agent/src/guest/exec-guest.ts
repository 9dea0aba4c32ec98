import { randomUUID } from "node:crypto";
import { failed, ok } from "../tart/result.ts";
import type { Tart, TartFailure } from "../tart/tart.ts";
import type { Guest, GuestFailure, GuestFailureClass } from "./guest.ts";

/**
 * Runs the script and then says so: tart's own exit 1 and the script's look alike, so an exit counts only with
 * the proof that this very command printed at its end (tart-contract §7).
 */
const PROVE = `/bin/bash -c "$1"; code=$?; printf '\\n%s %s\\n' "$2" "$code"; exit "$code"`;

const CLASSES: Partial<Record<TartFailure["class"], GuestFailureClass>> = {
  TIMED_OUT: "timed_out",
  CANCELLED: "cancelled",
  AGENT_UNREACHABLE: "unreachable",
  NOT_RUNNING: "unreachable",
  NOT_FOUND: "unreachable",
  NOT_INSTALLED: "unreachable",
  BINARY_BROKEN: "unreachable",
  EXEC_NOT_FOUND: "refused",
  USAGE: "refused",
};

/** A guest reached by `tart exec`. `newToken` makes proofs that no output holds by chance. */
export function makeExecGuest(
  tart: Pick<Tart, "exec">,
  name: string,
  newToken: () => string = randomUUID,
): Guest {
  return {
    via: "exec",
    async run(script, options) {
      const token = newToken();
      const ran = await tart.exec(name, ["/bin/bash", "-c", PROVE, "tartfleet", script, token], options);
      if (!ran.ok) return failed(guestFailure(ran.failure));
      const { stdout, stderr, suspicion } = ran.value;
      const proof = stdout.lastIndexOf(`\n${token} `);
      if (proof === -1) return failed(guestFailure(suspicion));
      const exitCode = Number.parseInt(stdout.slice(proof + token.length + 2), 10);
      return ok({ exitCode, stdout: stdout.slice(0, proof), stderr });
    },
  };
}

/** What tart's failure says of the command in the guest. */
export function classOf(failure: TartFailure): GuestFailureClass {
  return CLASSES[failure.class] ?? "outcome_unknown";
}

function guestFailure(failure: TartFailure): GuestFailure {
  return {
    class: classOf(failure),
    via: "exec",
    message: failure.message,
    output: failure.output,
  };
}
