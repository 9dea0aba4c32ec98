import { runtimeFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { leasedAddress } from "../host/leases.ts";
import type { Sim } from "../sim.ts";
import { readConfig, type VmDir } from "../storage/vm-dir.ts";

/** How long `--vnc` waits for the guest's address (tart-contract §2.6). */
const VNC_WAIT_MS = 60_000;
const POLL_MS = 1000;

const words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron"];

/** Tells where the screen can be seen, when it was asked for; without an address `--vnc` ends the run. */
export async function showScreen(
  sim: Sim,
  command: ParsedCommand,
  dir: VmDir,
  over: AbortSignal,
): Promise<void> {
  const opensNothing = command.flag("no-graphics") || sim.env["CI"] !== undefined;
  const show = (url: string) =>
    sim.say(opensNothing ? `VNC server is running at ${url}` : `Opening ${url}...`);
  if (command.flag("vnc-experimental")) {
    const bytes = [...sim.random(4, "vnc", dir.name)];
    const password = bytes.map((byte) => words[byte % words.length]).join("-");
    show(`vnc://:${password}@127.0.0.1:${49_152 + (bytes[0] ?? 0)}`);
  }
  if (!command.flag("vnc")) return;
  for (let waited = 0; waited <= VNC_WAIT_MS; waited += POLL_MS) {
    const ip = leasedAddress(sim, readConfig(dir).macAddress);
    if (ip !== undefined) {
      show(`vnc://${ip}`);
      return;
    }
    await sim.sleep(POLL_MS, over);
  }
  throw runtimeFailure("IPNotFound()");
}
