import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { GuestCommand, GuestEngine, GuestExit, GuestSpec, RunningGuest } from "./engine.ts";
import { guestEnvironment, type Entrance } from "./environment.ts";
import { homePath, hostPathOf, simDirName, temporaryPath } from "./layout.ts";
import { loginShell } from "./login-shell.ts";
import { prepareDisk, programDirs, systemParts } from "./prepare-disk.ts";
import { runCommand } from "./run-command.ts";
import { sshPort } from "./ssh-port.ts";
import { startWatchdog } from "./watchdog.ts";

/**
 * Guests that are plain processes of this machine (guests.md, C): for machines with nothing but node
 * and the usual shell tools. A guest's files, user, name and address are its own by convention only:
 * $HOME is inside its disk directory, /Users/admin does not exist. It is no sandbox.
 */
export function createProcessEngine(): GuestEngine {
  return { kind: "process", start };
}

async function start(spec: GuestSpec): Promise<RunningGuest> {
  const shims = programDirs(systemParts(spec.os, false));
  await prepareDisk(spec, { engine: "process", linkSystem: true, shims });
  const marker = `TART_GUEST=${randomUUID()}`;
  const watchdog = await startWatchdog(marker);
  await writeFile(path.join(spec.diskDir, simDirName, "run/init.pid"), `${watchdog.pid}\n`);

  let on = true;
  const over = watchdog.over.then(() => {
    on = false;
  });
  const shimDirs = shims.map((dir) => path.join(spec.diskDir, simDirName, "system", dir));
  const [markerName = "", markerValue = ""] = marker.split("=");
  const shell = loginShell(spec.os);

  const run = async (command: GuestCommand, entrance: Entrance): Promise<GuestExit> => {
    if (!on) return { kind: "signaled" };
    return runCommand(command, {
      env: {
        ...guestEnvironment({ os: spec.os, entrance, shimDirs, root: spec.diskDir, shell }),
        TMPDIR: hostPathOf(spec.diskDir, temporaryPath(spec.os)),
        [markerName]: markerValue,
      },
      cwd: hostPathOf(spec.diskDir, homePath(spec.os)),
      shimDirs,
      root: spec.diskDir,
      until: entrance === "exec" ? "exit" : "output",
    });
  };

  let cut = false;
  return {
    exec: async (command) => run(command, "exec"),
    startSshd: async () => {
      const { startSshStandIn } = await import("./ssh-stand-in.ts");
      await startSshStandIn(spec, {
        port: sshPort(spec, 2222),
        over,
        run: async (line, streams) =>
          run({ argv: [shell, ...(line === undefined ? [] : ["-c", line])], ...streams }, "ssh"),
      });
    },
    poweredOff: new Promise((resolve) => {
      void over.then(() => {
        if (!cut) resolve();
      });
    }),
    powerOff: async () => {
      cut = true;
      watchdog.cut();
      await over;
    },
  };
}
