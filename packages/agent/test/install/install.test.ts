import { launchdProblems, plistPath, plistText } from "@tartfleet/launchd";
import { lchown, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { SHARING } from "../../src/doctor/dhcp.ts";
import { agentJob, BOOT_JOB } from "../../src/install/layout.ts";
import { makeBundle, testMac, type TestMac } from "./support.ts";

const URL = ["--url", "https://127.0.0.1:1"];
const TOKEN = `tartfleet_0123456789ab_${"t".repeat(43)}`;
const PASSWORD = "correct horse battery";

const isRoot = process.geteuid?.() === 0;

// Files are given to users by root alone.
test.skipIf(!isRoot)("--dry-run prints every change and makes none", async () => {
  await using mac = await testMac();
  mac.set({ sessions: [] });
  await mac.write("/usr/local/etc/tartfleet/agent.env", "TARTFLEET_URL=https://old.example.com\n");
  const before = await mac.everything();
  const token = await mac.beside("token", TOKEN);
  const password = await mac.beside("password", `${PASSWORD}\n`);
  const signers = await mac.beside("signers", "release@example.com ssh-ed25519 AAAA\n");
  const files = [
    "--enrolment-token-file",
    token,
    "--auto-login-password-file",
    password,
    "--allowed-signers",
    signers,
  ];
  const text = await mac.install(
    ...URL,
    "--label",
    "xcode=16",
    "--tart-home",
    "/Volumes/big disk/tart",
    ...files,
    "--ec2",
    "--dry-run",
  );
  expect(await mac.everything()).toEqual(before);
  expect(text.replaceAll(mac.dir, "<here>")).toMatchSnapshot();
  expect(text).not.toContain(PASSWORD);
  expect(text).not.toContain(TOKEN);
});

test("makes a Mac a host, and changes nothing the second time", async () => {
  await using mac = await testMac();
  const token = await mac.beside("token", `${TOKEN}\n`);
  const said = await mac.install(
    ...URL,
    "--name",
    "mac-1",
    "--tart-home",
    "/Volumes/big disk/tart",
    "--enrolment-token-file",
    token,
  );
  expect(said).toMatch(/^gui\/501\/dev\.tartfleet\.agent: the agent$/m);
  expect(parseEnv(await mac.read("/usr/local/etc/tartfleet/agent.env"))).toEqual({
    TARTFLEET_URL: "https://127.0.0.1:1",
    TARTFLEET_NAME: "mac-1",
    TARTFLEET_TART_HOME: "/Volumes/big disk/tart",
    TARTFLEET_ENROLMENT_TOKEN_FILE: "/Users/ci/.tartfleet-agent/enrolment-token",
  });
  const { files, rest } = await mac.everything();
  expect(files["/usr/local/lib/tartfleet/current"]).toContain("→ versions/1.2.3");
  expect(files["/usr/local/lib/tartfleet/versions/1.2.3/bin/tartfleet-agent"]).toMatch(/^755 /);
  expect(files["/Users/ci/.tartfleet-agent/enrolment-token"]).toContain(`${TOKEN}\n`);
  expect(files["/Users/ci/.tartfleet-agent/enrolment-token"]).toMatch(/^600 /);
  expect(rest.jobs).toEqual({
    "gui/501/dev.tartfleet.agent": "/Users/ci/Library/LaunchAgents/dev.tartfleet.agent.plist",
  });
  expect(rest.power["AC Power"]).toEqual({
    sleep: 0,
    disksleep: 0,
    displaysleep: 0,
    womp: 1,
    autorestart: 1,
  });
  expect(rest.keychains["ci"]).toEqual({ isLocked: false });
  // Without the token, which it has by now.
  const again = await mac.install(...URL, "--name", "mac-1", "--tart-home", "/Volumes/big disk/tart");
  expect(again).toMatch(/^Nothing to change/);
  expect(await mac.everything()).toEqual({ files, rest });
});

test("what runs reads what changed: the agent is stopped first and started last", async () => {
  await using mac = await testMac();
  await mac.install(...URL);
  const lines = (await mac.install(...URL, "--label", "xcode=16")).split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "gui/501/dev.tartfleet.agent: the agent",
    "/usr/local/etc/tartfleet/agent.env: the agent's settings",
    "gui/501/dev.tartfleet.agent: the agent",
  ]);
});

test("what somebody has set beside it stays, and what somebody changed since is left", async () => {
  await using mac = await testMac();
  mac.defaults(SHARING, "bootpd", "-dict", "Subnets", "-string", "x");
  const before = await mac.everything();
  await mac.install(...URL);
  expect(await mac.read(`${SHARING}.plist`)).toMatch(/DHCPLeaseTimeSecs[^]*600[^]*Subnets/);
  mac.set({ power: { "AC Power": { sleep: 30, disksleep: 0, displaysleep: 0, womp: 1, autorestart: 1 } } });
  expect(await mac.uninstall()).toContain("pmset sleep (AC Power) was changed by somebody else since");
  const { files, rest } = await mac.everything();
  expect(files).toEqual(before.files);
  expect(rest.power["AC Power"]).toEqual({
    sleep: 30,
    disksleep: 10,
    displaysleep: 10,
    womp: 1,
    autorestart: 0,
  });
});

test("secrets are where they must be and nowhere else", async () => {
  await using mac = await testMac();
  const token = await mac.beside("token", TOKEN);
  const password = await mac.beside("password", PASSWORD);
  const given = [...URL, "--enrolment-token-file", token, "--auto-login-password-file", password];
  const said = [await mac.install(...given), await mac.uninstall("--dry-run")].join("\n");
  const { files } = await mac.everything();
  const holders = (secret: string) => Object.keys(files).filter((path) => files[path]?.includes(secret));
  expect(holders(TOKEN)).toEqual(["/Users/ci/.tartfleet-agent/enrolment-token"]);
  expect(holders(PASSWORD)).toEqual([]);
  const hidden = Buffer.from(files["/etc/kcpassword"]?.replace(/^\S+ \S+ /, "") ?? "", "latin1");
  expect(hidden).toHaveLength(24);
  const key = Buffer.from("7d895223d2bcddeaa3b91f", "hex");
  expect(hidden.map((byte, at) => byte ^ (key[at % 11] ?? 0)).toString()).toBe(PASSWORD.padEnd(24, "\0"));
  expect(files["/etc/kcpassword"]).toMatch(/^600 /);
  expect(said).not.toContain(TOKEN);
  expect(said).not.toContain(PASSWORD);
  expect(await mac.read("/Library/Preferences/com.apple.loginwindow.plist")).toContain("<string>ci</string>");
});

test("launchd's jobs keep the rules", () => {
  for (const job of [agentJob("/Users/ci"), BOOT_JOB]) {
    expect(launchdProblems(plistPath(job), plistText(job))).toEqual([]);
  }
});

test("on EC2 nothing is started before the next boot, and no URL is needed", async () => {
  await using mac = await testMac();
  const before = await mac.everything();
  expect(await mac.install("--ec2")).toContain("Nothing is started now");
  const { files, rest } = await mac.everything();
  expect(rest.jobs).toEqual({});
  expect(files["/Library/LaunchDaemons/dev.tartfleet.boot.plist"]).toContain(
    "/usr/local/lib/tartfleet/current/boot/boot.sh",
  );
  expect(await mac.read("/var/root/Library/Preferences/com.apple.network.local-network.plist")).toContain(
    "169.254.0.0/16",
  );
  await mac.write("/var/log/tartfleet-boot.log", "metadata: …\n");
  expect(await mac.install("--ec2")).toMatch(/^Nothing to change/);
  await mac.uninstall();
  expect(await mac.everything()).toEqual(before);
});

describe("what comes after the install goes as well", () => {
  test("settings of the boot, a version, logs, the credential, a job that the login started", async () => {
    await using mac = await testMac();
    mac.set({ sessions: [] });
    const before = await mac.everything();
    expect(await mac.install(...URL)).toContain("the agent starts with the next login");
    await mac.write("/usr/local/etc/tartfleet/host.env", "TARTFLEET_NAME=mac-2\n");
    await makeBundle(join(mac.root, "usr/local/lib/tartfleet/versions/1.3.0"), "1.3.0");
    await mac.write("/Users/ci/Library/Logs/tartfleet/agent.log", "{}\n");
    await mac.write("/Users/ci/.tartfleet-agent/credential.json", "{}");
    mac.set({ sessions: [501], jobs: { "gui/501/dev.tartfleet.agent": "x" } });
    await mac.uninstall();
    mac.set({ sessions: [] });
    expect(await mac.everything()).toEqual(before);
  });

  test("but not while VMs run, unless that is said", async () => {
    await using mac = await testMac();
    await mac.install(...URL);
    const vm = "gui/501/dev.tartfleet.vm.tf-01jdqk5n8r0000000000000000-1";
    mac.set({ jobs: { ...mac.sim.read().jobs, [vm]: "x" } });
    const installed = await mac.everything();
    await expect(mac.uninstall()).rejects.toMatchObject({
      exit: "inUse",
      message: expect.stringContaining("tf-01jdqk"),
    });
    expect(await mac.everything()).toEqual(installed);
    expect(await mac.uninstall("--even-with-vms")).toContain("left to themselves");
    expect(mac.sim.read().jobs).toEqual({ [vm]: "x" });
  });
});

test("another user's turn: the first one's things go", async () => {
  await using mac = await testMac();
  mac.set({
    users: [...mac.sim.read().users, { name: "build", uid: 502, gid: 20, home: "/Users/build one" }],
  });
  await mac.write("/Users/build one/.zshenv", "");
  const before = await mac.everything();
  await mac.install(...URL);
  await mac.install(...URL, "--user", "build");
  const { files, rest } = await mac.everything();
  expect(Object.keys(files).filter((path) => /^\/Users\/ci\/.*tartfleet/.test(path))).toEqual([]);
  expect(files["/Users/build one/Library/LaunchAgents/dev.tartfleet.agent.plist"]).toContain(
    "/Users/build one/Library/Logs/tartfleet",
  );
  expect(rest.jobs).toEqual({});
  await mac.uninstall();
  expect(await mac.everything()).toEqual(before);
});

test.each<[string, (mac: TestMac) => void | Promise<void>, readonly string[], string, RegExp]>([
  ["a user who is not there", () => {}, ["--user", "nobody"], "noUser", /no user nobody/],
  [
    "root",
    (mac) => mac.set({ users: [{ name: "ci", uid: 0, gid: 0, home: "/var/root" }] }),
    [],
    "noUser",
    /do not start for root/,
  ],
  ["an old macOS", (mac) => mac.set({ macos: "12.7.6" }), [], "unfit", /12\.7\.6 is too old/],
  [
    "FileVault with auto-login",
    (mac) => mac.set({ fileVault: true }),
    ["--auto-login-password-file", "/etc/hosts"],
    "unfit",
    /FileVault is on/,
  ],
  [
    "a file that is not there",
    () => {},
    ["--allowed-signers", "/nowhere"],
    "settings",
    /--allowed-signers: cannot be read/,
  ],
  [
    "a token of two words",
    () => {},
    ["--enrolment-token-file", "/etc/hosts"],
    "settings",
    /one printable word/,
  ],
  ["what is no bundle", () => {}, ["--bundle", "/etc"], "settings", /no unpacked bundle/],
  [
    "EC2 with a bundle that knows nothing of it",
    (mac) => rm(join(mac.bundle, "boot"), { recursive: true }),
    ["--ec2"],
    "settings",
    /no boot script/,
  ],
  [
    "a memory that is damaged",
    (mac) => mac.write("/var/db/tartfleet/install.json", "{"),
    [],
    "files",
    /is damaged/,
  ],
])("%s: nothing is changed, with a sentence", async (_what, spoil, argv, exit, message) => {
  await using mac = await testMac();
  await spoil(mac);
  const before = await mac.everything();
  await expect(mac.install(...URL, ...argv)).rejects.toMatchObject({
    exit,
    message: expect.stringMatching(message),
  });
  expect(await mac.everything()).toEqual(before);
});

test.skipIf(!isRoot)("root follows no link of a user's", async () => {
  await using mac = await testMac();
  await symlink(join(mac.root, "etc"), join(mac.root, "Users/ci/.tartfleet-agent"));
  await lchown(join(mac.root, "Users/ci/.tartfleet-agent"), 501, 20);
  const { files } = await mac.everything();
  await expect(mac.install(...URL)).rejects.toMatchObject({
    exit: "files",
    message: expect.stringContaining("/Users/ci/.tartfleet-agent is a user's link"),
  });
  expect((await mac.everything()).files["/etc"]).toBe(files["/etc"]);
});

test("another version is upgraded, not installed over", async () => {
  await using mac = await testMac();
  await mac.install(...URL);
  const other = await makeBundle(join(mac.dir, "other"), "1.3.0");
  await expect(mac.install(...URL, "--bundle", other)).rejects.toMatchObject({
    exit: "otherVersion",
    message: expect.stringContaining(
      "version 1.2.3 is installed, and this is 1.3.0; sudo tartfleet-agent upgrade",
    ),
  });
});

test("a program of macOS that fails is told with its words, and the same command goes on from there", async () => {
  let isBroken = true;
  await using mac = await testMac();
  const before = await mac.everything();
  mac.fails = (words) => isBroken && words[0] === "pmset" && words[1] === "-c";
  await expect(mac.install(...URL)).rejects.toMatchObject({
    exit: "system",
    message: expect.stringMatching(/pmset failed[^]*pmset -c sleep 0/),
  });
  isBroken = false;
  await mac.install(...URL);
  await mac.uninstall();
  expect(await mac.everything()).toEqual(before);
  expect(await readFile(join(mac.bundle, "VERSION"), "utf8")).toBe("1.2.3\n");
});
