import { runtimeFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import type { Sim } from "../sim.ts";
import { isRemoteName } from "../storage/home.ts";
import { cachedImage, cachedDigest, digestDir, remoteNameOf } from "../storage/oci-cache.ts";
import { showRemoteName } from "../storage/remote-name.ts";

/** `tart fqn` (tart-contract §2.17): which digest a cached name stands for. */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const name = command.arg("name");
  if (!isRemoteName(name)) {
    sim.say(name);
    return 0;
  }
  const remote = remoteNameOf(name);
  const digest = cachedDigest(sim.home, remote);
  if (digest === undefined || cachedImage(sim.home, remote) === undefined)
    throw runtimeFailure(
      `OCI storage error: ${showRemoteName(remote)} is not a digest and doesn't point to a digest`,
    );
  sim.say(digestDir(sim.home, remote, digest).name);
  return 0;
}
