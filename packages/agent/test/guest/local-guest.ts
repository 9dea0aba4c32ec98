import { execa } from "execa";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Guest } from "../../src/guest/guest.ts";
import { failed, ok } from "../../src/tart/result.ts";

/** A home directory and a real bash in it, standing in for a VM. Power-off commands are stubs that leave a note. */
export interface LocalGuest extends Guest, AsyncDisposable {
  home: string;
  env: Record<string, string>;
  /** Puts an executable into the guest's PATH, before all others. */
  program(name: string, text: string): Promise<void>;
  file(path: string): Promise<string>;
  write(path: string, text: string, mode?: number): Promise<void>;
}

export async function makeLocalGuest(): Promise<LocalGuest> {
  const root = await mkdtemp(join(tmpdir(), "tartfleet-guest-"));
  const home = join(root, "home of admin");
  const bin = join(root, "bin");
  await Promise.all([mkdir(home), mkdir(bin)]);
  const env = { HOME: home, PATH: `${bin}:/usr/bin:/bin`, LOCAL_GUEST: root };
  const guest: LocalGuest = {
    via: "exec",
    home,
    env,
    async program(name, text) {
      await writeFile(join(bin, name), text);
      await chmod(join(bin, name), 0o755);
    },
    async file(path) {
      return await readFile(join(home, path), "utf8");
    },
    async write(path, text, mode = 0o644) {
      await mkdir(join(home, path, ".."), { recursive: true });
      await writeFile(join(home, path), text, { mode });
    },
    async run(script, { stdin, timeoutSeconds, signal }) {
      const result = await execa("/bin/bash", ["-c", script], {
        env,
        extendEnv: false,
        reject: false,
        cwd: home,
        input: stdin ?? "",
        timeout: timeoutSeconds * 1000,
        forceKillAfterDelay: 10,
        cancelSignal: signal,
        stripFinalNewline: false,
      });
      if (result.exitCode === undefined) {
        return failed({
          class: "outcome_unknown",
          via: "exec",
          message: result.shortMessage ?? "",
          output: "",
        });
      }
      return ok({ exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr });
    },
    async [Symbol.asyncDispose]() {
      for (const pid of await processesWith(`LOCAL_GUEST=${root}`)) tryKill(pid);
      await rm(root, { recursive: true, force: true });
    },
  };
  await guest.program("sudo", '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n');
  for (const name of ["shutdown", "halt", "poweroff"]) {
    await guest.program(name, `#!/bin/sh\necho "${name} $*" >>"$HOME/power.log"\n`);
  }
  return guest;
}

async function processesWith(variable: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const marked = await Promise.all(
    pids.map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environ.split("\0").includes(variable) ? [pid] : [];
    }),
  );
  return marked.flat();
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** The arguments of every process of this machine, as any user can read them. */
export async function allArguments(): Promise<string> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.join("\n");
}
