import type { ParsedCommand } from "../cli/spec.ts";
import { readJsonFile } from "../host/host-config.ts";
import { isRecord } from "../host/shape.ts";
import { keychainFile } from "../registry/credentials.ts";
import type { Sim } from "../sim.ts";
import { writeJsonFile } from "../storage/files.ts";

/** `tart logout`: 0 for a host nobody logged in to, as well (tart-contract §2.13). */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const stored = readJsonFile(keychainFile(sim.hostDir));
  if (!isRecord(stored)) return 0;
  const { [command.arg("host")]: _gone, ...rest } = stored;
  writeJsonFile(keychainFile(sim.hostDir), rest);
  return 0;
}
