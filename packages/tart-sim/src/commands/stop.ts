import { rmSync } from "node:fs";
import { runtimeFailure, vmNotRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { hasCode, type LockOwner } from "../host/lock-file.ts";
import { findRun } from "../host/runs.ts";
import { deadline } from "../host/deadline.ts";
import type { Sim } from "../sim.ts";
import { writeJsonFile } from "../storage/files.ts";
import { openLocalVm } from "../storage/home.ts";
import { holderOf, type VmDir, vmState } from "../storage/vm-dir.ts";

const POLL_MS = 100;

/** `tart stop` (tart-contract §2.8): SIGINT, and SIGKILL when that does not help in time. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const dir = openLocalVm(sim.home, command.arg("name"));
  const state = vmState(dir, sim.now());
  if (state === "stopped") throw vmNotRunning(dir.name);
  if (state === "suspended") {
    rmSync(dir.state, { force: true });
    return 0;
  }
  const holder = holderOf(dir);
  if (holder === undefined) return 0;
  if (!signal(holder, "SIGINT")) return 0;
  const seconds = command.int("timeout") ?? 30;
  const deaf = findRun(sim.hostDir, holder)?.ignoresInterrupt === true;
  const until = sim.now() + deadline(sim, seconds, { certain: deaf });
  while (sim.now() < until) {
    if (holderOf(dir) === undefined) return 0;
    await sim.sleep(POLL_MS);
  }
  killHolder(sim, dir, holder);
  return 0;
}

/** False when the process is gone already. */
function signal({ pid }: LockOwner, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    throw error;
  }
}

function killHolder(sim: Sim, dir: VmDir, holder: LockOwner): void {
  if (holderOf(dir)?.nonce !== holder.nonce) return;
  const linger = sim.faults.get("lock-lingers");
  if (linger !== undefined) writeJsonFile(dir.linger, { until: sim.now() + sim.scaled(linger.ms ?? 500) });
  try {
    signal(holder, "SIGKILL");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw runtimeFailure(`failed to forcefully terminate the VM "${dir.name}": ${why}`);
  }
}
