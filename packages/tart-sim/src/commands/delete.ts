import { existsSync, rmSync } from "node:fs";
import { vmDoesNotExist, vmIsRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { tryLock } from "../host/lock-file.ts";
import type { Sim } from "../sim.ts";
import { isRemoteName, localVm } from "../storage/home.ts";
import { deleteCached, remoteNameOf } from "../storage/oci-cache.ts";
import { isComplete, isLocked, type VmDir } from "../storage/vm-dir.ts";

/** `tart delete` (tart-contract §2.10): one after the other, stopping at the first failure. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  for (const name of command.args("name")) deleteOne(sim, name);
  return 0;
}

function deleteOne(sim: Sim, name: string): void {
  if (isRemoteName(name)) {
    if (!deleteCached(sim.home, remoteNameOf(name))) throw vmDoesNotExist(name);
    return;
  }
  const dir = localVm(sim.home, name);
  if (!existsSync(dir.path) || !isComplete(dir)) throw vmDoesNotExist(name);
  if (sim.faults.has("delete-says-running")) throw vmIsRunning(name);
  if (isLocked(dir, sim.now())) throw refusal(sim, name);
  const held = tryLock(dir.runLock);
  if (held === undefined) throw refusal(sim, name);
  removeVm(dir);
}

/** Releases from 2.27 to 2.39 lie about why (openai/tart#1345). */
const refusal = ({ quirks }: Sim, name: string) =>
  quirks.has("deleteLies") ? vmDoesNotExist(name) : vmIsRunning(name);

function removeVm(dir: VmDir): void {
  rmSync(dir.config, { force: true });
  rmSync(dir.path, { recursive: true, force: true });
}
