import { chmod, cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import ssh2 from "ssh2";
import { homePath, packageDir, temporaryPath, type GuestOs } from "./layout.ts";

const directories: Record<GuestOs, readonly string[]> = {
  darwin: ["Applications", "Library/Logs", "opt/homebrew/bin", "private/var/log", "usr/local/bin"],
  linux: ["opt", "usr/local/bin", "var/log"],
};

/**
 * Lays down the disk directory of a default image: an admin's home with a runner, the few files of
 * /etc that sshd wants, empty directories. Programs of the operating system are not on it.
 */
export async function writeDefaultImage(dir: string, { os }: { os: GuestOs }): Promise<void> {
  const inside = (guestPath: string): string => path.join(dir, guestPath);
  await Promise.all(
    [...directories[os], homePath(os), temporaryPath(os), "etc/ssh"].map(async (directory) =>
      mkdir(inside(directory), { recursive: true }),
    ),
  );
  await cp(path.join(packageDir, "image/disk", os), dir, { recursive: true });
  await cp(path.join(packageDir, "image/disk/home"), inside(homePath(os)), { recursive: true });
  await writeEtc(inside("etc"), os);
}

/** SHA-512 crypt of "admin", the password of every Tart image. */
const passwordHash =
  "$6$tartsim$ratzz.Qw4kcRSlnZFjhB7y1bPS8g.bf3lULr0oEr330oUS8OWiB0wT8NEgkQNgcUEX/Oqkfxd2oka8C7duRkj.";

async function writeEtc(etc: string, os: GuestOs): Promise<void> {
  const key = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  const [uid, gid, group] = os === "darwin" ? [501, 20, "staff"] : [1000, 1000, "admin"];
  const shell = os === "darwin" ? "/bin/zsh" : "/bin/bash";
  const files: Record<string, string> = {
    passwd: `root:x:0:0::/var/root:/bin/sh\nadmin:x:${uid}:${gid}:admin:${homePath(os)}:${shell}\n`,
    group: `wheel:x:0:\n${group}:x:${gid}:\n`,
    shadow: `admin:${passwordHash}:20000:0:99999:7:::\n`,
    hosts: "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
    "ssh/ssh_host_ecdsa_key": key.private,
    "ssh/ssh_host_ecdsa_key.pub": `${key.public}\n`,
    "ssh/sshd_config": [
      "HostKey /etc/ssh/ssh_host_ecdsa_key",
      "PasswordAuthentication yes",
      "UsePAM no",
      "UseDNS no",
      "PidFile none",
      "StrictModes no",
      "Subsystem sftp internal-sftp",
      "",
    ].join("\n"),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(etc, name), content);
  // sshd refuses a host key that others can read.
  await chmod(path.join(etc, "ssh/ssh_host_ecdsa_key"), 0o600);
}
