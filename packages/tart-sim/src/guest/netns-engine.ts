import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { bwrapArguments } from "./bwrap-arguments.ts";
import { bwrapIsMissing } from "./bwrap-engine.ts";
import type { GuestEngine, GuestSpec, RunningGuest } from "./engine.ts";
import { findTool } from "./find-tool.ts";
import { simDirName, systemDir } from "./layout.ts";
import { loginShell, writeLoginShell } from "./login-shell.ts";
import { lookAtMachine } from "./machine-facts.ts";
import { startNamespaceGuest } from "./namespace-guest.ts";
import { prepareDisk, programDirs, systemParts } from "./prepare-disk.ts";
import { sshPort } from "./ssh-port.ts";

const stage = path.join(import.meta.dirname, "netns-stage.sh");

/**
 * Guests with a network of their own on the bridge of a simulated Mac (guests.md, N; lab-net.sh sets
 * Macs up). Runs inside the Mac's network namespace, as root or as root of a user namespace. The
 * stand-ins for macOS's programs are in /usr/bin itself, and sshd has port 22.
 */
export function createNetnsEngine(env: NodeJS.ProcessEnv): GuestEngine {
  return { kind: "netns", start: async (spec) => start(spec, env) };
}

/** What this machine lacks for such guests; undefined when nothing is missing. */
export async function netnsIsMissing(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const absent = ["ip", "nsenter", "unshare"].filter((tool) => findTool(tool, env) === undefined);
  if (absent.length > 0) return `${absent.join(", ")} (packages iproute2, util-linux) not installed`;
  return bwrapIsMissing(env);
}

async function start(spec: GuestSpec, env: NodeJS.ProcessEnv): Promise<RunningGuest> {
  const parts = systemParts(spec.os, true);
  const shell = loginShell(spec.os);
  await prepareDisk(spec, { engine: "netns", linkSystem: false, shims: programDirs(parts) });
  await writeLoginShell(spec, shell);
  const usr = path.join(spec.diskDir, simDirName, "usr");
  await mkdir(usr);
  const layers = [...parts.map((part) => path.join(systemDir, part)), "/usr"].join(":");
  const cable = `vm${randomBytes(4).toString("hex")}`;
  const machine = await lookAtMachine(spec.diskDir);
  const bwrap = [
    findTool("bwrap", env) ?? "bwrap",
    ...bwrapArguments(spec, machine, { usr, ownName: false }),
  ];
  const enter = 'exec 9</proc/self/ns/net; exec unshare --net --uts --mount -- /bin/sh "$@"';
  return startNamespaceGuest(spec, {
    launch: ["/bin/sh", "-c", enter, "sh", stage, spec.ip, spec.name, cable, usr, layers, ...bwrap],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    shimDirs: [],
    shell,
    sshPort: sshPort(spec, 22),
    sshPath: "/usr/bin:/bin:/usr/sbin:/sbin",
  });
}
