import { runtimeFailure, vmNotRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import type { Sim } from "../sim.ts";
import { openLocalVm } from "../storage/home.ts";
import { holderOf } from "../storage/vm-dir.ts";

/** `tart suspend` (tart-contract §2.9): asks the run and returns at once. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const dir = openLocalVm(sim.home, command.arg("name"));
  const holder = holderOf(dir);
  if (holder === undefined) {
    // The original wraps its own message once more.
    const { stderr, exitCode } = vmNotRunning(dir.name);
    throw runtimeFailure(`VM "${stderr}" is not running`, exitCode);
  }
  process.kill(holder.pid, "SIGUSR1");
  return 0;
}
