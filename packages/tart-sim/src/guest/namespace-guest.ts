import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execThroughAgent } from "./agent-client.ts";
import type { GuestCommand, GuestSpec, RunningGuest } from "./engine.ts";
import { guestEnvironment } from "./environment.ts";
import { homePath, simDirName } from "./layout.ts";
import type { CommandSurroundings } from "./run-command.ts";
import { waitForSsh } from "./wait-for-ssh.ts";

export interface NamespaceGuest {
  /** Program and arguments that become the guest's first process, which is given init.sh to run. */
  launch: readonly [string, ...string[]];
  env: NodeJS.ProcessEnv;
  shimDirs: readonly string[];
  shell: string;
  sshPort: number;
  /** PATH of ssh sessions. */
  sshPath: string;
}

/** How long a guest may take to go when its power is cut. */
const stuckAfterMs = 2000;

/** Starts a guest whose first process is in a pid namespace: it lives and dies with that process. */
export async function startNamespaceGuest(spec: GuestSpec, options: NamespaceGuest): Promise<RunningGuest> {
  const runDir = path.join(spec.diskDir, simDirName, "run");
  const surroundings: CommandSurroundings = {
    env: guestEnvironment({ os: spec.os, entrance: "exec", root: "", ...options }),
    cwd: homePath(spec.os),
    shimDirs: options.shimDirs,
    root: "",
    until: "exit",
  };
  await writeFile(path.join(runDir, "init.pid"), "1\n");
  await writeFile(path.join(runDir, "agent.json"), JSON.stringify(surroundings));
  const [program, ...argv] = options.launch;
  const logFile = path.join(runDir, "console.log");
  const log = openSync(logFile, "a");
  const child = spawn(program, [...argv, "/bin/sh", "/.sim/lib/guest/init.sh"], {
    // A session of its own: whatever is sent to our process group must not reach it.
    detached: true,
    env: options.env,
    // 3: life line, 4: the agent is up.
    stdio: ["ignore", log, log, "pipe", "pipe"],
  });
  closeSync(log);
  const over = once(child, "exit").then(() => {});
  const [, , , lifeLine, ready] = child.stdio;
  if (!(lifeLine instanceof Socket) || !(ready instanceof Socket)) throw new Error("no pipes to a guest");
  lifeLine.on("error", () => {});
  // bwrap itself keeps the pipe open, so its end says nothing: bwrap's own end does.
  const up = await Promise.race([once(ready, "data").then(() => true), over.then(() => false)]);
  if (!up) {
    throw new Error(
      `the guest did not start: ${readFileSync(logFile, "utf8").trim() || `${program} failed`}`,
    );
  }

  let state: "on" | "cut" | "off" = "on";
  const off = over.then(() => {
    if (state === "on") state = "off";
    lifeLine.destroy();
  });
  const exec: RunningGuest["exec"] = async (command) =>
    state === "on" ? execThroughAgent(runDir, command) : { kind: "signaled" };
  return {
    exec,
    startSshd: async () => startSshd(spec, options, exec),
    poweredOff: new Promise((resolve) => {
      void off.then(() => {
        if (state === "off") resolve();
      });
    }),
    powerOff: async () => {
      if (state === "on") {
        state = "cut";
        // The kernel ends the first process of a pid namespace after all others, and bwrap goes after it.
        lifeLine.destroy();
        await killIfStuck(child.pid, over);
      }
      await over;
    },
  };
}

/** A guest can stop the reader of its life line (SIGSTOP), but not its first process being killed. */
async function killIfStuck(bwrap: number | undefined, over: Promise<void>): Promise<void> {
  const stuck = await Promise.race([over.then(() => false), delay(stuckAfterMs, true, { ref: false })]);
  if (!stuck || bwrap === undefined) return;
  const children = readFileSync(`/proc/${bwrap}/task/${bwrap}/children`, "utf8").trim().split(" ");
  for (const pid of children) process.kill(Number(pid), "SIGKILL");
}

async function startSshd(
  spec: GuestSpec,
  { sshPort, sshPath }: NamespaceGuest,
  exec: RunningGuest["exec"],
): Promise<void> {
  const options = [`ListenAddress=${spec.ip}`, `Port=${sshPort}`, `SetEnv=PATH=${sshPath}`];
  const sshd = ["/usr/sbin/sshd", "-D", "-e", ...options.flatMap((option) => ["-o", option])].join(" ");
  const sink = process.stderr;
  const command: GuestCommand = {
    argv: ["/bin/sh", "-c", `${sshd} >/.sim/run/sshd.log 2>&1 </dev/null &`],
    stdin: null,
    stdout: sink,
    stderr: sink,
    signal: new AbortController().signal,
  };
  await exec(command);
  const logFile = path.join(spec.diskDir, simDirName, "run/sshd.log");
  await waitForSsh(spec.ip, sshPort, () => {
    const log = existsSync(logFile) ? readFileSync(logFile, "utf8") : "";
    return /^(?:fatal|error|Cannot|Missing|.*terminated)/m.exec(log) === null ? undefined : log.trim();
  });
}
