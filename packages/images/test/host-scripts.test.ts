import { execa } from "execa";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { put, runOnMac } from "./on-a-mac.ts";
import { scratch } from "./support.ts";

type Scratch = Awaited<ReturnType<typeof scratch>>;
const runScript = (own: Scratch, name: string, env: Record<string, string> = {}) =>
  runOnMac(own, `scripts/${name}`, env);

const SUDO = 'exec "$@"';

test.each([
  ["26.5", "arm64", "26", 0],
  ["26.5", "x86_64", "26", 1],
  ["15.6.1", "arm64", "26", 1],
])("macOS %s on %s is what a release of %s says: exit code %i", async (version, machine, major, exitCode) => {
  await using own = await scratch();
  await own.program("sw_vers", `echo ${version}`);
  await own.program("uname", `echo ${machine}`);
  expect(await runScript(own, "assert-macos.sh", { MACOS_MAJOR: major })).toMatchObject({ exitCode });
});

/** A Mac on which a tart can be had that says what it is. */
async function withTart(macos: string, version: string) {
  const own = await scratch();
  await put(own, "made/tart.app/Contents/MacOS/tart", `#!/bin/sh\necho ${version}\n`, 0o755);
  await execa("tar", ["czf", join(own.dir, "tart.tar.gz"), "-C", join(own.dir, "made"), "."]);
  await own.program("sw_vers", `echo ${macos}`);
  await own.program("sudo", SUDO);
  await own.program("chown", "");
  await own.program("shasum", 'shift 2; exec sha256sum "$@"');
  await own.program(
    "curl",
    `echo "$*" >>${own.dir}/fetched; while [ "$1" != -o ]; do shift; done; cp ${own.dir}/tart.tar.gz "$2"`,
  );
  await own.program("codesign", `echo "$*" >>${own.dir}/verified; [ ! -e ${own.dir}/forged ]`);
  const { stdout } = await execa("sha256sum", [join(own.dir, "tart.tar.gz")]);
  return Object.assign(own, { sha256: stdout.slice(0, 64) });
}

test.each([
  ["15.6.1", "2.34.0"],
  ["26.5", "2.40.1"],
  ["26.5", "2.41.0"],
  ["27.0", "3.0.0"],
])("on macOS %s tart %s is installed, by its number, and seen to be its makers'", async (macos, version) => {
  await using own = await withTart(macos, version);
  const { exitCode, all } = await runScript(own, "install-tart.sh", {
    TART_VERSION: version,
    TART_SHA256: own.sha256,
  });
  expect(exitCode, all).toBe(0);
  expect(await readFile(join(own.dir, "fetched"), "utf8")).toContain(
    `/releases/download/${version}/tart.tar.gz`,
  );
  expect(await readFile(join(own.dir, "verified"), "utf8")).toContain(
    'identifier "com.github.cirruslabs.tart" and certificate leaf[subject.OU] = "9M2P8L4D89"',
  );
  const { stdout } = await execa(join(own.dir, "usr/local/bin/tart"), ["--version"]);
  expect(stdout).toBe(version);
});

test.each([
  ["15.6.1", "2.40.1"],
  ["15.6.1", "2.33.0"],
  ["26.5", "2.34.0"],
  ["26.5", "2.36.0"],
  ["26.5", "2.9.9"],
])("on macOS %s tart %s is not even fetched", async (macos, version) => {
  await using own = await withTart(macos, version);
  const { exitCode, all } = await runScript(own, "install-tart.sh", {
    TART_VERSION: version,
    TART_SHA256: "",
  });
  expect(exitCode).toBe(1);
  expect(all).toContain(`tart ${version} does not fit macOS ${macos}`);
  expect(await readdir(own.dir)).not.toContain("fetched");
});

test("another tart than was pinned, or than its makers signed, ends the build", async () => {
  await using own = await withTart("26.5", "2.40.1");
  const wanted = { TART_VERSION: "2.40.1", TART_SHA256: "0".repeat(64) };
  expect((await runScript(own, "install-tart.sh", wanted)).exitCode).not.toBe(0);
  expect(await readdir(own.dir)).not.toContain("usr");
  await put(own, "forged");
  const forged = await runScript(own, "install-tart.sh", { ...wanted, TART_SHA256: "" });
  expect(forged.exitCode).not.toBe(0);
  expect(await readdir(join(own.dir, "usr/local/bin"))).toEqual([]);
});

/** A release in /tmp, signed by a key of the test's own. */
async function withBundle() {
  const own = await scratch();
  const at = (path: string) => join(own.dir, path);
  await put(own, "made/tartfleet-agent-1.2.3-darwin-arm64/VERSION", "1.2.3\n");
  await mkdir(at("tmp"));
  const archive = "tartfleet-agent-1.2.3-darwin-arm64";
  await execa("tar", ["czf", at(`tmp/${archive}.tar.gz`), "-C", at("made"), archive]);
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at("key")]);
  const [type, key] = (await readFile(at("key.pub"), "utf8")).split(" ");
  await writeFile(at("tmp/signers"), `releases@example.com namespaces="tartfleet-agent" ${type} ${key}\n`);
  await own.program("shasum", 'shift 2; exec sha256sum "$@"');
  return Object.assign(own, {
    at,
    async sign(namespace: string) {
      const { stdout } = await execa("sha256sum", [`${archive}.tar.gz`], { cwd: at("tmp") });
      await writeFile(at("tmp/SHA256SUMS"), `${stdout}\n`);
      await execa("ssh-keygen", ["-Y", "sign", "-f", at("key"), "-n", namespace, at("tmp/SHA256SUMS")]);
    },
    verify: () =>
      runScript(own, "verify-bundle.sh", { ARCHIVE: archive, ALLOWED_SIGNERS: at("tmp/signers") }),
    unpacked: async () => (await readdir(at("tmp"))).includes(archive),
  });
}

test("a bundle is unpacked when somebody who is trusted signed it", async () => {
  await using bundle = await withBundle();
  await bundle.sign("tartfleet-agent");
  const { exitCode, all } = await bundle.verify();
  expect(exitCode, all).toBe(0);
  expect(await bundle.unpacked()).toBe(true);
});

test("a bundle is not unpacked when it is another, or was signed for something else or by somebody else", async () => {
  await using other = await withBundle();
  await other.sign("tartfleet-agent");
  await writeFile(other.at("tmp/tartfleet-agent-1.2.3-darwin-arm64.tar.gz"), "another");
  await using wrongPurpose = await withBundle();
  await wrongPurpose.sign("git");
  await using stranger = await withBundle();
  await stranger.sign("tartfleet-agent");
  const signers = await readFile(other.at("tmp/signers"), "utf8");
  await writeFile(stranger.at("tmp/signers"), signers);
  for (const bundle of [other, wrongPurpose, stranger]) {
    expect((await bundle.verify()).exitCode).not.toBe(0);
    expect(await bundle.unpacked()).toBe(false);
  }
});

test("EC2's start-up is told to leave the password alone; a file that knows no such thing ends the build", async () => {
  await using own = await scratch();
  await own.program("sudo", SUDO);
  // macOS' sed wants to hear of a suffix.
  await own.program("sed", 'shift 2; exec /usr/bin/sed -i "$@"');
  const init = "usr/local/aws/ec2-macos-init/init.toml";
  await put(own, init, '    User = "ec2-user"\n    RandomizePassword = true # default is true\n');
  expect((await runScript(own, "keep-password.sh")).exitCode).toBe(0);
  expect(await readFile(join(own.dir, init), "utf8")).toContain("    RandomizePassword = false # default");
  expect((await runScript(own, "keep-password.sh")).exitCode).toBe(0);
  await put(own, init, "[[Module]]\n");
  expect((await runScript(own, "keep-password.sh")).exitCode).not.toBe(0);
});

test("the password is random, its user's alone, and neither told nor in a command line", async () => {
  await using own = await scratch();
  await mkdir(join(own.dir, "home"));
  await own.program("sudo", `echo "sudo $*" >>${own.dir}/calls; cat >${own.dir}/typed`);
  const file = join(own.dir, "home/.auto-login-password");
  const passwords = new Set<string>();
  for (let times = 0; times < 2; times += 1) {
    const { exitCode, all } = await runScript(own, "set-password.sh");
    expect(exitCode, all).toBe(0);
    const password = (await readFile(file, "utf8")).trim();
    expect(password).toMatch(/^[0-9a-f]{48}$/);
    expect([all, await readFile(join(own.dir, "calls"), "utf8")].join("\n")).not.toContain(password);
    passwords.add(password);
  }
  expect(passwords.size).toBe(2);
  expect((await execa("stat", ["-c", "%a", file])).stdout).toBe("600");
  expect(await readFile(join(own.dir, "calls"), "utf8")).toContain(`sudo expect - ec2-user ${file}`);
});

/** As dscl asks for passwords: at its terminal, without showing them. `$PASSWORD` is the file that it keeps them in. */
const DSCL = `case $2 in
  -passwd) printf 'New Password: ' && read -rs password && printf %s "$password" >"$PASSWORD" ;;
  -authonly) printf 'Password: ' && read -rs password && [ "$password" = "$(cat "$PASSWORD")" ] ;;
esac </dev/tty`;
const hasExpect = (await execa("expect", ["-v"], { reject: false })).exitCode === 0;

describe.skipIf(!hasExpect)("dscl is given the password at a terminal (Debian's package expect)", () => {
  async function withDscl(script: string) {
    const own = await scratch();
    await mkdir(join(own.dir, "home"));
    await own.program("sudo", SUDO);
    await put(own, "bin/dscl", `#!/bin/bash\n${script}\n`, 0o755);
    return own;
  }

  test("and it is the one that the user has then", async () => {
    await using own = await withDscl(DSCL);
    const kept = join(own.dir, "kept");
    const { exitCode, all } = await runScript(own, "set-password.sh", { PASSWORD: kept });
    expect(exitCode, all).toBe(0);
    const password = await readFile(kept, "utf8");
    expect(`${password}\n`).toBe(await readFile(join(own.dir, "home/.auto-login-password"), "utf8"));
    expect(all).not.toContain(password);
  });

  test.each([
    ["does not take it", `${DSCL}\nexit 3`],
    ["asks for nothing", "exit 0"],
    ["does not know it afterwards", DSCL.replace('[ "$password"', '[ "x$password"')],
  ])("a dscl that %s ends the build", async (_, script) => {
    await using own = await withDscl(script);
    const { exitCode } = await runScript(own, "set-password.sh", { PASSWORD: join(own.dir, "kept") });
    expect(exitCode).toBe(1);
  });
});

test("the agent is installed by its own installer, without a control plane or a token, and the password file goes", async () => {
  await using own = await scratch();
  const program = `#!/bin/sh\necho "$*" >>${own.dir}/calls\n`;
  await put(own, "tmp/bundle/bin/tartfleet-agent", program, 0o755);
  await put(own, "home/.auto-login-password", "secret");
  await own.program("sudo", SUDO);
  await own.program("tartfleet-agent", "echo 1.2.3");
  const { exitCode, all } = await runScript(own, "install-agent.sh", {
    ARCHIVE: "bundle",
    ALLOWED_SIGNERS: "/tmp/signers",
  });
  expect(exitCode, all).toBe(0);
  expect(await readFile(join(own.dir, "calls"), "utf8")).toBe(
    `install --ec2 --user ec2-user --auto-login-password-file ${own.dir}/home/.auto-login-password --allowed-signers /tmp/signers\n`,
  );
  expect(await readdir(join(own.dir, "home"))).toEqual([]);
});

test("images are pulled with the given login, or with none", async () => {
  await using own = await scratch();
  await own.program("tart", `echo "$TART_REGISTRY_USERNAME:$TART_REGISTRY_PASSWORD $*" >>${own.dir}/calls`);
  const IMAGES = "a.example/x@sha256:1 a.example/y@sha256:2";
  const login = { TART_REGISTRY_USERNAME: "AWS", TART_REGISTRY_PASSWORD: "secret" };
  await runScript(own, "pull-images.sh", { IMAGES, ...login });
  await runScript(own, "pull-images.sh", {
    IMAGES: "",
    TART_REGISTRY_USERNAME: "",
    TART_REGISTRY_PASSWORD: "",
  });
  expect(await readFile(join(own.dir, "calls"), "utf8")).toBe(
    "AWS:secret pull a.example/x@sha256:1\nAWS:secret pull a.example/y@sha256:2\nAWS:secret list --source oci\n: list --source oci\n",
  );
});

/** A Mac after the installation, and used a little. */
async function used() {
  const own = await scratch();
  await own.program("sudo", SUDO);
  await put(own, "usr/local/aws/ec2-macos-init/init.toml", "RandomizePassword = false\n");
  await put(own, "etc/kcpassword");
  await put(own, "Library/LaunchDaemons/dev.tartfleet.boot.plist");
  await put(own, "usr/local/lib/tartfleet/current/boot/boot.sh", "", 0o755);
  await put(own, "usr/local/etc/tartfleet/agent.env");
  await put(own, "home/.ssh/authorized_keys", "ssh-rsa AAAA packer_6543\n");
  await mkdir(join(own.dir, "home/.tartfleet-agent"), { recursive: true });
  await put(
    own,
    "usr/local/bin/ec2-macos-init",
    `#!/bin/sh\n[ "$*" = "clean --all" ] && rm -rf ${own.dir}/usr/local/aws/ec2-macos-init/instances\n`,
    0o755,
  );
  return own;
}

test("what the build leaves behind is cleaned up", async () => {
  await using own = await used();
  for (const path of [
    "home/.zsh_history",
    "home/.ssh/known_hosts",
    "usr/local/aws/ec2-macos-init/instances/i-1/history.json",
    "tmp/tartfleet-agent-1.2.3-darwin-arm64/VERSION",
    "tmp/SHA256SUMS",
  ])
    await put(own, path);
  expect((await runScript(own, "assert-clean.sh")).exitCode).toBe(1);
  const cleaned = await runScript(own, "clean.sh");
  expect(cleaned.exitCode, cleaned.all).toBe(0);
  const { exitCode, all } = await runScript(own, "assert-clean.sh");
  expect(exitCode, all).toBe(0);
});

test.each([
  ["home/.tartfleet-agent/credential.json", "{}"],
  ["home/.tartfleet-agent/enrolment-token", "token"],
  ["home/.auto-login-password", "secret"],
  ["home/.aws/credentials", "[default]"],
  ["home/.docker/config.json", '{"auths": {"a.example": {"auth": "QVdT"}}}'],
  ["home/.ssh/id_ed25519", "key"],
  ["home/.ssh/authorized_keys", "ssh-rsa AAAA packer_6543\nssh-rsa BBBB me@example.com\n"],
  ["usr/local/etc/tartfleet/host.env", "TARTFLEET_NAME=mac-1\n"],
  ["usr/local/etc/tartfleet/agent.env", "TARTFLEET_URL=https://fleet.example.com\n"],
  ["usr/local/aws/ec2-macos-init/instances/i-1/history.json", "{}"],
])("%s ends the build", async (path, text) => {
  await using own = await used();
  const before = await runScript(own, "assert-clean.sh");
  expect(before.exitCode, before.all).toBe(0);
  await put(own, path, text);
  const { exitCode, all } = await runScript(own, "assert-clean.sh");
  expect(exitCode).toBe(1);
  expect(all).toContain("does not belong into an AMI");
});

test("a helper for people, without a login of its own, may stay", async () => {
  await using own = await used();
  await own.program("brew", `echo "$*" >>${own.dir}/calls`);
  await mkdir(join(own.dir, "home"), { recursive: true });
  await runScript(own, "ecr-helper.sh", { ECR_HELPER_REGISTRY: "" });
  expect(await readdir(own.dir)).not.toContain("calls");
  await runScript(own, "ecr-helper.sh", { ECR_HELPER_REGISTRY: "1.dkr.ecr.eu-central-1.amazonaws.com" });
  expect(JSON.parse(await readFile(join(own.dir, "home/.docker/config.json"), "utf8"))).toEqual({
    credHelpers: { "1.dkr.ecr.eu-central-1.amazonaws.com": "ecr-login" },
  });
  expect((await runScript(own, "assert-clean.sh")).exitCode).toBe(0);
});

test("an instance of which ec2-user would get another password ends the build", async () => {
  await using own = await used();
  await put(own, "usr/local/aws/ec2-macos-init/init.toml", "RandomizePassword = true\n");
  expect((await runScript(own, "assert-clean.sh")).exitCode).not.toBe(0);
});
