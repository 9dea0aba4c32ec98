import { homedir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { Patient } from "./examine.ts";

/** This very host, seen with the agent's settings. */
export function thisHost(
  settings: { tart?: string | undefined; tartHome?: string | undefined },
  env: Patient["env"],
  skew: Patient["skew"],
): Patient {
  const { uid, username } = userInfo();
  const { tart = "tart" } = settings;
  return {
    // Programs are asked in "/": a path must not depend on where the agent was.
    tart: tart.includes("/") ? resolve(tart) : tart,
    tartHome: tartHomeOf(settings.tartHome, env),
    env,
    uid,
    user: username,
    home: homedir(),
    skew,
  };
}

/** Where tart keeps its VMs. */
export function tartHomeOf(given: string | undefined, env: Patient["env"]): string {
  return given ?? env["TART_HOME"] ?? join(homedir(), ".tart");
}
