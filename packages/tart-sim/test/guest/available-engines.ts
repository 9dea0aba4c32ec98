import { existsSync } from "node:fs";
import { chooseEngine } from "../../src/guest/choose-engine.ts";
import type { GuestEngine } from "../../src/guest/engine.ts";

/** Inside a Mac of lab-net.sh (netns.test.ts) only its own engine is tried, elsewhere the others. */
export const insideLab = process.env["TART_SIM_LAB"] === "inside" && existsSync("/sys/class/net/bridge100");

export const engineKinds: readonly GuestEngine["kind"][] = insideLab ? ["netns"] : ["process", "bwrap"];

/** The engines that this machine has, by name. */
export async function availableEngines(): Promise<Map<GuestEngine["kind"], GuestEngine>> {
  const engines = new Map<GuestEngine["kind"], GuestEngine>();
  for (const kind of engineKinds) {
    try {
      engines.set(kind, await chooseEngine({ ...process.env, TART_SIM_ENGINE: kind }));
    } catch {
      // Not on this machine.
    }
  }
  return engines;
}
