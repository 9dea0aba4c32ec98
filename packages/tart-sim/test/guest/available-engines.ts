import { chooseEngine } from "../../src/guest/choose-engine.ts";
import type { GuestEngine } from "../../src/guest/engine.ts";

/** The engines that this machine has, by name. */
export async function availableEngines(): Promise<Map<GuestEngine["kind"], GuestEngine>> {
  const engines = new Map<GuestEngine["kind"], GuestEngine>();
  for (const kind of ["process", "bwrap"] as const) {
    try {
      engines.set(kind, await chooseEngine({ ...process.env, TART_SIM_ENGINE: kind }));
    } catch {
      // Not on this machine.
    }
  }
  return engines;
}
