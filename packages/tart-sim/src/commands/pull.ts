import { validationFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { pullImage } from "../registry/pull.ts";
import type { Sim } from "../sim.ts";
import { existsSync } from "node:fs";
import { isRemoteName, localVm } from "../storage/home.ts";
import { remoteNameOf } from "../storage/oci-cache.ts";
import { showRemoteName } from "../storage/remote-name.ts";

export function validate(_sim: Sim, command: ParsedCommand): void {
  if ((command.int("concurrency") ?? 4) < 1)
    throw validationFailure("network concurrency cannot be less than 1");
}

/** `tart pull` (tart-contract §2.11, §5). */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const typed = command.arg("remote-name");
  if (!isRemoteName(typed) && existsSync(localVm(sim.home, typed).path)) {
    sim.say(`"${typed}" is a local image, nothing to pull here!`);
    return 0;
  }
  const name = remoteNameOf(typed);
  sim.say(`pulling ${showRemoteName(name)}...`);
  await pullImage(sim, name, command.flag("insecure"));
  return 0;
}
