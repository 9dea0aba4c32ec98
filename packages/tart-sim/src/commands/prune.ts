import { rmSync } from "node:fs";
import { validationFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { GiB } from "../registry/disk-space.ts";
import type { Sim } from "../sim.ts";
import { localVms, ociDir } from "../storage/home.ts";
import { cacheEntries, collectUnreferenced } from "../storage/oci-cache.ts";
import { accessedAt, isLocked, readFacts, type VmDir } from "../storage/vm-dir.ts";

const DAY_MS = 86_400_000;

const budgetOf = (command: ParsedCommand): number | undefined =>
  command.int("space-budget") ?? command.int("cache-budget");

export function validate(_sim: Sim, command: ParsedCommand): void {
  if (budgetOf(command) === undefined && command.int("older-than") === undefined && !command.flag("gc"))
    throw validationFailure("at least one pruning criteria must be specified");
}

/** `tart prune` (tart-contract §2.16). */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  if (command.flag("gc")) collectUnreferenced(ociDir(sim.home));

  const kind = command.value("entries") ?? "caches";
  const days = command.int("older-than");
  if (days !== undefined)
    remove(
      sim,
      prunable(sim, kind).filter((dir) => accessedAt(dir) < sim.now() - days * DAY_MS),
    );
  const budget = budgetOf(command);
  if (budget !== undefined) remove(sim, beyondBudget(prunable(sim, kind), budget * GiB));
  return 0;
}

/** Images, or local VMs that do not run; suspended ones are not spared. */
function prunable(sim: Sim, entries: string): VmDir[] {
  if (entries === "vms") return localVms(sim.home).filter((dir) => !isLocked(dir, sim.now()));
  return cacheEntries(sim.home)
    .filter(({ kind }) => kind === "digest")
    .map(({ dir }) => dir);
}

/** All but the most recently used that fit. */
function beyondBudget(dirs: readonly VmDir[], budget: number): VmDir[] {
  let left = budget;
  return [...dirs]
    .sort((a, b) => accessedAt(b) - accessedAt(a))
    .filter((dir) => {
      const size = readFacts(dir).allocatedBytes;
      if (size > left) return true;
      left -= size;
      return false;
    });
}

function remove(sim: Sim, dirs: readonly VmDir[]): void {
  for (const { path } of dirs) rmSync(path, { recursive: true, force: true });
  collectUnreferenced(ociDir(sim.home));
}
