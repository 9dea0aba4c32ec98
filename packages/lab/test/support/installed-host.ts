import { execa } from "execa";
import { mkdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { plistPath, plistText, type LaunchdJob } from "@tartfleet/launchd";
import { macSimBin, makeMacOs } from "@tartfleet/mac-sim";
import { tartPath } from "@tartfleet/tart-sim";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { until } from "../../src/fleet/until.ts";
import { hostOf, simOf } from "./lab.ts";
import { archiveIn, type Releaser } from "./releases.ts";

/** What an upgrade said, line by line, and how it ended; null when it was killed. */
interface Upgraded {
  exitCode: number | null;
  said: string[];
  complained: string;
}

/** A Mac of the fleet whose agent is a bundle that launchd runs, in a folder that stands for its disk. */
export interface InstalledHost {
  /** Has the host upgrade itself; resolves with what came of it. */
  upgrade(...argv: string[]): Promise<Upgraded>;
  /** The same, but killed as soon as it has said so many lines. */
  upgradeUntilKilled(lines: number, ...argv: string[]): Promise<Upgraded>;
  /** Goes back to the version before, and removes a later one. */
  forget(version: string): Promise<void>;
  /** What `current` and `previous` lead to. */
  link(name: "current" | "previous"): Promise<string | undefined>;
  /** What the agent says of itself. */
  status(): Promise<{ version: string; pid: number; isConnected: boolean }>;
  /** Ends its launchd, with all that this has started. */
  switchOff(): Promise<void>;
}

/**
 * Takes over a host of the fleet from the agent that it was started with.
 *
 * @param vmProcesses who starts its VMs; on a Mac it is launchd
 */
export async function installHost(
  fleet: Fleet,
  name: string,
  releaser: Releaser,
  vmProcesses: "launchd" | "child" = "child",
): Promise<InstalledHost> {
  const { agent, tartHome } = hostOf(fleet, name);
  await agent.stop();
  const root = join(fleet.dir, name, "root");
  const lib = join(root, "usr/local/lib/tartfleet");
  const etc = join(root, "usr/local/etc/tartfleet");
  const bin = join(root, "usr/local/bin");
  const jobs = join(root, "Users/ci/Library/LaunchAgents");
  const dataDir = join(fleet.dir, name, "agent");
  const first = join(lib, "versions/1.0.0");
  for (const folder of [etc, bin, jobs, first]) await mkdir(folder, { recursive: true });
  const archive = archiveIn(await releaser.release("1.0.0"), "1.0.0");
  await execa("tar", ["xzf", archive, "-C", first, "--strip-components", "1"]);
  await symlink("versions/1.0.0", join(lib, "current"));
  await symlink("../lib/tartfleet/current/bin/tartfleet-agent", join(bin, "tartfleet-agent"));
  await writeFile(join(etc, "allowed_signers"), releaser.signer);
  const settings = {
    TARTFLEET_URL: fleet.url(),
    TARTFLEET_NAME: name,
    TARTFLEET_DATA_DIR: dataDir,
    TARTFLEET_MACHINE_ID: `lab-machine-${name}`,
    TARTFLEET_TART: tartPath,
    TARTFLEET_TART_HOME: tartHome,
    TARTFLEET_LOOK_SECONDS: "1",
    TARTFLEET_VM_PROCESSES: vmProcesses,
  };
  await writeFile(
    join(etc, "agent.env"),
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(""),
  );
  const sim = simOf(fleet, name).env;
  const macos = makeMacOs({ dir: join(fleet.dir, name, "macos"), speed: 100 });
  const env = { ...sim, ...macos.env, PATH: [macSimBin, sim["PATH"]].join(delimiter), TARTFLEET_ETC: etc };
  const job: LaunchdJob = {
    folder: "LaunchAgents",
    label: "dev.tartfleet.agent",
    programArguments: [join(bin, "tartfleet-agent")],
    environment: { ...sim, PATH: env.PATH, TARTFLEET_ETC: etc },
    keepAlive: true,
    throttleSeconds: 30,
    abandonsProcessGroup: true,
    log: join(fleet.dir, name, "installed-agent.log"),
  };
  const plist = join(root, "Users/ci/Library", plistPath(job));
  await writeFile(plist, plistText(job));
  const status = async () =>
    JSON.parse(await readFile(join(dataDir, "status.json"), "utf8")) as {
      version: string;
      pid: number;
      isConnected: boolean;
    };
  const loaded = await macos.launchctl("bootstrap", `gui/${process.getuid?.()}`, plist);
  if (loaded.exitCode !== 0) throw new Error(loaded.stderr);
  await until("the installed agent to be connected", async () =>
    (await status().catch(() => undefined))?.version === "1.0.0" ? true : undefined,
  );
  const begin = (argv: readonly string[]) =>
    execa(join(bin, "tartfleet-agent"), ["upgrade", "--root", root, "--settle-seconds", "0.5", ...argv], {
      env,
      extendEnv: false,
      reject: false,
    });
  const outcomeOf = ({ exitCode, stdout, stderr }: Awaited<ReturnType<typeof begin>>): Upgraded => ({
    exitCode: exitCode ?? null,
    said: stdout === "" ? [] : stdout.split("\n"),
    complained: stderr,
  });
  const upgrade = async (...argv: string[]) => outcomeOf(await begin(argv));
  return {
    upgrade,
    async forget(version) {
      await upgrade("--back");
      await rm(join(lib, "versions", version), { recursive: true });
      await rm(join(lib, "previous"));
    },
    async upgradeUntilKilled(lines, ...argv) {
      const upgrade = begin(argv);
      const seen: unknown[] = [];
      for await (const line of upgrade) {
        if (seen.push(line) === lines) upgrade.kill("SIGKILL");
      }
      return outcomeOf(await upgrade);
    },
    link: (name) =>
      readlink(join(lib, name)).then(
        (target) => target.slice("versions/".length),
        () => undefined,
      ),
    status,
    async switchOff() {
      await macos[Symbol.asyncDispose]();
    },
  };
}
