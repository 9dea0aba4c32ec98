import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { validationFailure, vmIsRunning } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import type { Sim } from "../sim.ts";
import { isRemoteName, localVm } from "../storage/home.ts";
import { isLocked } from "../storage/vm-dir.ts";

/** `tart rename` (tart-contract §2.15): both failures are validation errors, exit 64. */
export function validate(sim: Sim, command: ParsedCommand): void {
  const [from, to] = [command.arg("name"), command.arg("new-name")];
  if (isRemoteName(to)) throw validationFailure("<new-name> should be a local name");
  if (isRemoteName(from) || !existsSync(localVm(sim.home, from).path))
    throw validationFailure(`failed to rename a non-existent local VM: ${from}`);
  if (existsSync(localVm(sim.home, to).path))
    throw validationFailure(`failed to rename VM ${from}, target VM ${to} already exists, delete it first!`);
}

export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const from = localVm(sim.home, command.arg("name"));
  const to = localVm(sim.home, command.arg("new-name"));
  if (sim.quirks.has("refusesRunningTarget") && isLocked(to, sim.now())) throw vmIsRunning(to.name);
  mkdirSync(dirname(to.path), { recursive: true });
  renameSync(from.path, to.path);
  return 0;
}
