import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { runtimeFailure, swiftFailure, validationFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { readJsonFile } from "../host/host-config.ts";
import { isRecord } from "../host/shape.ts";
import { keychainFile } from "../registry/credentials.ts";
import { refusalOf } from "../registry/registry.ts";
import type { Sim } from "../sim.ts";
import { writeJsonFile } from "../storage/files.ts";

export function validate(_sim: Sim, command: ParsedCommand): void {
  if ((command.value("username") !== undefined) !== command.flag("password-stdin"))
    throw validationFailure("both --username and --password-stdin are required");
}

/** `tart login` (tart-contract §2.13). The keychain is a file of the simulated host. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const host = command.arg("host");
  const username = command.value("username");
  const given =
    username === undefined
      ? await ask()
      : { username, password: readFileSync(0, "utf8").replace(/\r?\n$/, "") };
  const refusal = command.flag("no-validate")
    ? undefined
    : await refusalOf(sim, host, { given, insecure: command.flag("insecure") });
  if (refusal !== undefined) throw runtimeFailure(`invalid credentials: ${refusal}`);
  if (sim.host.keychain === "locked" || sim.faults.has("keychain-credentials"))
    throw swiftFailure('Failed(message: "Keychain failed to update item: User interaction is not allowed.")');
  const stored = readJsonFile(keychainFile(sim.hostDir));
  writeJsonFile(keychainFile(sim.hostDir), { ...(isRecord(stored) ? stored : {}), [host]: given });
  return 0;
}

/** Without options the original asks. */
async function ask(): Promise<{ username: string; password: string }> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return { username: await terminal.question("User: "), password: await terminal.question("Password: ") };
  } finally {
    terminal.close();
  }
}
