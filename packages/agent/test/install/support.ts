import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
  chmod,
  chown,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { macSimBin } from "@tartfleet/mac-sim";
import {
  runProgram,
  simMac,
  SYSTEM_PROGRAMS,
  systemMain,
  type MacState,
  type SimMac,
} from "@tartfleet/mac-sim/system";
import { install } from "../../src/install/install.ts";
import type { Mac } from "../../src/install/mac.ts";
import { readInstall, readUninstall } from "../../src/install/options.ts";
import { uninstall } from "../../src/install/uninstall.ts";
import { makeLaunchctl } from "./launchctl.ts";

/** A Mac that nobody has touched, in a folder of its own. */
export interface TestMac extends AsyncDisposable {
  dir: string;
  root: string;
  sim: SimMac;
  /** An unpacked bundle. */
  bundle: string;
  /** Changes what is not in files. */
  set(change: Partial<MacState>): void;
  write(path: string, contents: string | Buffer, mode?: number): Promise<void>;
  read(path: string): Promise<string>;
  /** A setting by `defaults write`. */
  defaults(path: string, key: string, ...value: string[]): void;
  /** A file beside the Mac, such as one that an option names. */
  beside(name: string, contents: string): Promise<string>;
  install(...argv: string[]): Promise<string>;
  uninstall(...argv: string[]): Promise<string>;
  /** Every file with its bytes, mode and owner, and all that is not in files. */
  everything(): Promise<{ files: Record<string, string>; rest: MacState }>;
  /** Which programs fail. */
  fails(words: readonly string[]): boolean;
  /** A PATH for programs that are run for real. */
  bin(): Promise<string>;
}

const FRESH: MacState = {
  macos: "15.6.1",
  fileVault: false,
  users: [{ name: "ci", uid: 501, gid: 20, home: "/Users/ci" }],
  sessions: [501],
  power: { "AC Power": { sleep: 1, disksleep: 10, displaysleep: 10, womp: 1, autorestart: 0 } },
  keychains: { ci: { isLocked: false, timeout: 300, lockOnSleep: true } },
  jobs: {},
};

const FOLDERS = [
  "Library/LaunchDaemons",
  "Library/Preferences/SystemConfiguration",
  "var/root/Library/Preferences",
  "var/db",
  "var/log",
  "etc",
  "usr/local",
  "Users/ci/Library/Keychains",
];

/** @param step is told before each change; what it throws ends the act like a crash */
export async function testMac(step: () => void = () => {}): Promise<TestMac> {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-install-"));
  const sim = simMac(dir);
  const { root } = sim;
  sim.write(FRESH);
  for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true });
  const gives = process.geteuid?.() === 0;
  if (gives)
    for (const path of ["Users/ci", "Users/ci/Library", "Users/ci/Library/Keychains"])
      await chown(join(root, path), 501, 20);
  const bundle = await makeBundle(join(dir, "bundle"), "1.2.3");
  const launchctl = makeLaunchctl((words) => run(words));
  function run(words: readonly string[]) {
    const [program, ...args] = words;
    if (program === "launchctl") return launchctl(args, sim);
    return program === "tart" ? { code: 0, stdout: "2.34.0\n" } : runProgram(words, sim);
  }
  const mac: Mac = {
    at: (path) => `${root}${path}`,
    gives,
    async ask(words) {
      if (
        /write|delete|bootstrap|bootout|-keychain/.test(words.join(" ")) ||
        /^pmset -[abcu] /.test(words.join(" "))
      )
        step();
      if (test.fails(words)) return { kind: "exited", code: 1, stdout: "", stderr: "it is broken" };
      const { code, stdout = "", stderr = "" } = run(words);
      return code === 127 ? { kind: "missing" } : { kind: "exited", code, stdout, stderr };
    },
  };
  const said: string[] = [];
  const say = (line: string) => {
    said.push(line);
    step();
  };
  const test: TestMac = {
    dir,
    root,
    sim,
    bundle,
    set: (change) => sim.write({ ...sim.read(), ...change }),
    async write(path, contents, mode = 0o644) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), contents);
      await chmod(join(root, path), mode);
    },
    defaults(path, key, ...value) {
      const { code, stderr } = run(["defaults", "write", `${root}${path}`, key, ...value]);
      if (code !== 0) throw new Error(stderr);
    },
    read: (path) => readFile(join(root, path), "utf8"),
    async beside(name, contents) {
      await writeFile(join(dir, name), contents);
      return join(dir, name);
    },
    async install(...argv) {
      const read = readInstall(["--user", "ci", "--bundle", bundle, ...argv], {}, "1.2.3");
      if (read.kind !== "settings") throw new Error(JSON.stringify(read));
      said.length = 0;
      const lines = await install({ mac, options: read.settings, program: "", say });
      return [...said, ...lines].join("\n");
    },
    async uninstall(...argv) {
      const read = readUninstall(argv, {}, "1.2.3");
      if (read.kind !== "settings") throw new Error(JSON.stringify(read));
      said.length = 0;
      const lines = await uninstall({ mac, options: read.settings, say });
      return [...said, ...lines].join("\n");
    },
    fails: () => false,
    everything: async () => ({ files: await treeOf(root), rest: sim.read() }),
    async bin() {
      const bin = join(dir, "bin");
      await rm(bin, { recursive: true, force: true });
      await mkdir(bin);
      for (const name of SYSTEM_PROGRAMS) await symlink(systemMain, join(bin, name));
      await writeFile(join(bin, "tart"), "#!/bin/sh\necho 2.34.0\n", { mode: 0o755 });
      return `${bin}:${macSimBin}:${process.env["PATH"]}`;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
  return test;
}

export async function makeBundle(folder: string, version: string): Promise<string> {
  for (const [path, contents, mode] of [
    ["VERSION", `${version}\n`, 0o644],
    ["bin/tartfleet-agent", "#!/bin/sh\n", 0o755],
    ["boot/boot.sh", "#!/bin/bash\n", 0o755],
    ["lib/agent/dist/main.mjs", "", 0o644],
  ] as const) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contents);
    await chmod(join(folder, path), mode);
  }
  return folder;
}

async function treeOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  const tree: Record<string, string> = {};
  for (const path of paths) {
    const stats = await lstat(path);
    const contents = stats.isSymbolicLink()
      ? `→ ${await readlink(path)}`
      : stats.isFile()
        ? await readFile(path, "latin1")
        : "/";
    tree[path.slice(folder.length)] =
      `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid} ${contents}`;
  }
  return tree;
}
