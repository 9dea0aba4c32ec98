import { resolve } from "node:path";

/** The folder that is the simulated Mac: MAC_SIM_DIR. Undefined when it is not said. */
export function macDir(env: NodeJS.ProcessEnv): string | undefined {
  const dir = env["MAC_SIM_DIR"];
  return dir === undefined || dir === "" ? undefined : resolve(dir);
}

/** Who calls: MAC_SIM_UID, which `launchctl asuser` sets, or this process's own user. */
export const callerUid = (env: NodeJS.ProcessEnv): number =>
  Number(env["MAC_SIM_UID"] ?? process.getuid?.() ?? 0);
