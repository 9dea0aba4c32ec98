import type { TartFailureClass } from "@tartfleet/agent/src/tart/failure-classes.ts";
import { ok } from "@tartfleet/agent/src/tart/result.ts";
import type { Tart } from "@tartfleet/agent/src/tart/tart.ts";
import { imageParts } from "@tartfleet/shared";
import type { HostFault } from "../plan/plan.ts";
import type { Machine } from "./machine.ts";
import { createTurns, refuse, takes } from "./commands.ts";
import { registryDigest } from "./registry.ts";

const STALL_MS = 300_000;
const PARTS = 10;

const REFUSALS: readonly [HostFault, TartFailureClass][] = [
  ["pull_unauthorized", "AUTH"],
  ["pull_not_found", "NO_IMAGE"],
  ["pull_unavailable", "NET"],
  ["disk_full", "DISK_FULL"],
];

/** `tart pull`, one after the other on a machine, from a registry with moods. */
export function createPuller(machine: Machine): Tart["pull"] {
  const { random } = machine;
  const oneAtATime = createTurns(machine);

  async function pullInTurn(
    image: string,
    { onProgress, signal }: Parameters<Tart["pull"]>[1],
  ): ReturnType<Tart["pull"]> {
    const slow = machine.struck("pull_slow") ? 20 : 1;
    const stallsAt = machine.struck("pull_stalls") ? random.int(0, PARTS - 1) : -1;
    const partMs = random.between(500, 6000) * slow;
    for (let part = 0; part < PARTS; part += 1) {
      for (const [fault, failureClass] of REFUSALS) {
        if (machine.struck(fault)) return refuse(failureClass, "pull");
      }
      if (part === stallsAt) {
        await takes(machine, STALL_MS);
        return refuse(signal.aborted ? "CANCELLED" : "STALLED", "pull");
      }
      onProgress((100 / PARTS) * part);
      await takes(machine, partMs);
      if (signal.aborted) return refuse("CANCELLED", "pull");
    }
    const digest = registryDigest(image, machine.timeline.now());
    machine.images.set(image, digest);
    // tart lists what has a tag by its digest, too.
    machine.images.set(`${imageParts(image)?.repository}@${digest}`, digest);
    machine.note(`pulled ${image}`);
    return ok();
  }

  return (image, options) => {
    machine.note(`pull ${image}`);
    return oneAtATime(() => pullInTurn(image, options));
  };
}
