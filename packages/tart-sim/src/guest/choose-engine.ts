import { bwrapIsMissing, createBwrapEngine } from "./bwrap-engine.ts";
import type { GuestEngine } from "./engine.ts";
import { createNetnsEngine, netnsIsMissing } from "./netns-engine.ts";
import { createProcessEngine } from "./process-engine.ts";

/**
 * The engine that runs guests on this machine. `TART_SIM_ENGINE=process|bwrap|netns` forces one;
 * otherwise bwrap where bubblewrap and sshd work for this user, else process.
 * @throws Error that says what is missing, when the forced one cannot work here.
 */
export async function chooseEngine(env: NodeJS.ProcessEnv): Promise<GuestEngine> {
  const forced = env["TART_SIM_ENGINE"];
  if (forced === "process") return createProcessEngine();
  if (forced === undefined || forced === "") {
    return (await bwrapIsMissing(env)) === undefined ? createBwrapEngine(env) : createProcessEngine();
  }
  if (forced !== "bwrap" && forced !== "netns") {
    throw new Error(`TART_SIM_ENGINE is "${forced}"; it should be process, bwrap or netns`);
  }
  const missing = await (forced === "bwrap" ? bwrapIsMissing(env) : netnsIsMissing(env));
  if (missing !== undefined) throw new Error(`TART_SIM_ENGINE=${forced} cannot work here: ${missing}`);
  return forced === "bwrap" ? createBwrapEngine(env) : createNetnsEngine(env);
}
