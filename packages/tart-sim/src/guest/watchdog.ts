import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

export interface Watchdog {
  pid: number;
  /** Resolves when the guest's processes are gone and the watchdog with them. */
  over: Promise<void>;
  /** Cuts the life line. */
  cut: () => void;
}

const script = path.join(import.meta.dirname, "watchdog.sh");

/** A session of its own: whatever is sent to our process group must not reach it. */
const apart = { detached: true, env: { PATH: "/usr/bin:/bin" } };

/** Starts the process that kills every process marked `marker` (NAME=value in its environment) when we end. */
export async function startWatchdog(marker: string): Promise<Watchdog> {
  const child = spawn("/bin/sh", [script, marker], { ...apart, stdio: ["pipe", "pipe", "ignore"] });
  const exited = once(child, "exit");
  child.stdin.on("error", () => {});
  await Promise.race([
    once(child.stdout, "data"),
    exited.then(() => {
      throw new Error("the watchdog of a guest ended at once; are sh, grep and sleep in /usr/bin or /bin?");
    }),
  ]);
  const { pid } = child;
  if (pid === undefined) throw new Error("the watchdog of a guest has no pid");
  const over = exited.then(async ([code]) => {
    // A watchdog that was killed has not done its work.
    if (code !== 0) await once(spawn("/bin/sh", [script, marker], { ...apart, stdio: "ignore" }), "exit");
  });
  return { pid, over, cut: () => child.stdin.end() };
}
