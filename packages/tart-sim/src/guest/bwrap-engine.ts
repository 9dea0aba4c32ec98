import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { bwrapArguments } from "./bwrap-arguments.ts";
import type { GuestEngine, GuestSpec, RunningGuest } from "./engine.ts";
import { findTool } from "./find-tool.ts";
import { loginShell, writeLoginShell } from "./login-shell.ts";
import { simDirName } from "./layout.ts";
import { lookAtMachine } from "./machine-facts.ts";
import { startNamespaceGuest } from "./namespace-guest.ts";
import { prepareDisk, programDirs, systemParts } from "./prepare-disk.ts";
import { sshPort } from "./ssh-port.ts";

/**
 * Guests in namespaces of their own for users, processes and mounts, sharing the machine's network
 * (guests.md, L): a real sshd listens on the guest's loopback address. Needs no privileges.
 */
export function createBwrapEngine(env: NodeJS.ProcessEnv): GuestEngine {
  return { kind: "bwrap", start: async (spec) => start(spec, env) };
}

/** What this machine lacks for such guests; undefined when nothing is missing. */
export async function bwrapIsMissing(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const bwrap = findTool("bwrap", env);
  if (bwrap === undefined) return "bwrap (package bubblewrap) is not installed";
  if (findTool("sshd", { PATH: "/usr/sbin" }) === undefined)
    return "/usr/sbin/sshd (package openssh-server) is not installed";
  // With a /proc of its own: containers often allow the rest, but not that.
  const namespaces = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"];
  const probe = ["--ro-bind", "/", "/", ...namespaces, "--proc", "/proc", "--dev", "/dev", "true"];
  try {
    await promisify(execFile)(bwrap, probe);
    return undefined;
  } catch (error) {
    return `bwrap may not make user namespaces here: ${String(error)}`;
  }
}

async function start(spec: GuestSpec, env: NodeJS.ProcessEnv): Promise<RunningGuest> {
  const shims = programDirs(systemParts(spec.os, true));
  const shell = loginShell(spec.os);
  await prepareDisk(spec, { engine: "bwrap", linkSystem: false, shims });
  await writeLoginShell(spec, shell);
  const shimDirs = shims.map((dir) => `/${simDirName}/system/${dir}`);
  const machine = await lookAtMachine(spec.diskDir);
  return startNamespaceGuest(spec, {
    launch: [
      findTool("bwrap", env) ?? "bwrap",
      ...bwrapArguments(spec, machine, { usr: "/usr", ownName: true }),
    ],
    env: {},
    shimDirs,
    shell,
    sshPort: sshPort(spec, 2222),
    sshPath: [...shimDirs, "/usr/bin", "/bin", "/usr/sbin", "/sbin"].join(":"),
  });
}
