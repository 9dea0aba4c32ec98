import { execa } from "execa";
import { mkdirSync } from "node:fs";
import { delimiter, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the stand-ins, for PATH. */
export const macSimBin: string = fileURLToPath(new URL("../bin", import.meta.url));

/** How a stand-in ended. */
interface Said {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A simulated Mac's macOS; it is off, and nothing of it runs, when it is disposed of. */
export interface SimMacOs extends AsyncDisposable {
  dir: string;
  /** What calls the stand-ins needs this: they are first in PATH. */
  env: Record<string, string>;
  launchctl(...args: string[]): Promise<Said>;
  /** What happens to the Mac from outside: shutdown, login UID, logout UID. */
  macSim(...args: string[]): Promise<Said>;
}

/**
 * Lays a simulated Mac's macOS down in a folder, which the caller removes. It is switched off with this process too.
 *
 * @param speed divides launchd's own delays
 */
export function makeMacOs({ dir, speed = 1 }: { dir: string; speed?: number }): SimMacOs {
  const path = resolve(dir);
  mkdirSync(path, { recursive: true });
  const env = {
    PATH: [macSimBin, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    MAC_SIM_DIR: path,
    MAC_SIM_SPEED: String(speed),
    MAC_SIM_OWNER: String(process.pid),
  };
  const call =
    (program: string) =>
    async (...args: string[]) =>
      await said(`${macSimBin}/${program}`, args, env);
  const macSim = call("mac-sim");
  return {
    dir: path,
    env,
    launchctl: call("launchctl"),
    macSim,
    async [Symbol.asyncDispose]() {
      await macSim("shutdown");
    },
  };
}

async function said(program: string, args: readonly string[], env: Record<string, string>): Promise<Said> {
  const {
    exitCode = -1,
    stdout,
    stderr,
  } = await execa(program, args, { env, extendEnv: false, reject: false });
  return { exitCode, stdout, stderr };
}
