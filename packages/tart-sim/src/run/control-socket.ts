import { rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { runtimeFailure } from "../cli/failure.ts";
import { serveControlSocket } from "../control/server.ts";
import { isPlainPath } from "../control/short-path.ts";
import type { RunningGuest } from "../guest/engine.ts";
import { hasCode } from "../host/lock-file.ts";
import type { Sim } from "../sim.ts";
import type { VmDir } from "../storage/vm-dir.ts";

/** Time a run takes to get round to a connection, in simulated milliseconds. */
const ACCEPT_MS = 50;
/** Real milliseconds, or no client could ever be too impatient for a fast clock. */
const LEAST_ACCEPT_MS = 5;

export interface ControlSocketInput {
  sim: Sim;
  dir: VmDir;
  guest: RunningGuest;
  ip: string;
  agentIsUp: () => boolean;
  over: AbortSignal;
}

const alreadyInUse = "bind(descriptor:ptr:bytes:): Address already in use) (errno: 48)";

/** Opens the run's control socket with all its releases' troubles (tart-contract §0.2). */
export async function openControlSocket(input: ControlSocketInput): Promise<void> {
  const { sim, dir } = input;
  const tell = (why: string) => {
    if (sim.quirks.has("socketFailureIsTold")) sim.warn(`Failed to run control socket: ${why}`);
  };
  if (sim.quirks.has("socketPathMustBePlain") && !isPlainPath(dir.path)) {
    tell(`The folder “${dir.name}” doesn’t exist.`);
    return;
  }
  if (!sim.quirks.has("staleSocketStays")) rmSync(dir.controlSocket, { force: true });
  try {
    const server = await serveControlSocket(dir.path, {
      guest: input.guest,
      ip: input.ip,
      agentIsUp: input.agentIsUp,
      untilAccepted: () => wait(Math.max(sim.scaled(ACCEPT_MS), LEAST_ACCEPT_MS)),
      diesOfImpatience: sim.quirks.has("acceptLoopDies"),
      onFailure: tell,
    });
    const dead = sim.faults.get("control-socket-dead");
    if (dead !== undefined)
      void sim.sleep(dead.ms ?? 0, input.over).then(
        () => server.fail("NIOFcntlFailedError()"),
        () => undefined,
      );
  } catch (error) {
    if (!hasCode(error, "EADDRINUSE")) throw error;
    if (sim.quirks.has("socketFailureEndsRun")) throw runtimeFailure(alreadyInUse);
    tell(alreadyInUse);
  }
}
