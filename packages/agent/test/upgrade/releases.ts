import { execa } from "execa";
import { createHash } from "node:crypto";
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { installedIn } from "../../src/installed.ts";
import { fetchRelease } from "../../src/upgrade/fetch-release.ts";
import { sourceOf } from "../../src/upgrade/source.ts";
import { openVersions } from "../../src/upgrade/versions.ts";

export const PLATFORM = `${process.platform}-${process.arch}`;
const SIGNER = "releases@example.com";

/** A publisher's releases in a folder, and a host's root, both of a test's own. */
export async function publisher() {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-upgrade-"));
  const out = join(dir, "out");
  const key = join(dir, "key");
  const installed = installedIn(join(dir, "root"));
  await mkdir(out);
  await mkdir(join(dir, "root/usr/local/etc/tartfleet"), { recursive: true });
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", SIGNER, "-f", key]);
  const publicKey = await readFile(`${key}.pub`, "utf8");
  await writeFile(installed.allowedSigners, `${SIGNER} namespaces="tartfleet-agent" ${publicKey}`);
  const said: string[] = [];
  const sums = join(out, "SHA256SUMS");

  return {
    dir,
    out,
    key,
    installed,
    said,
    sums,
    archive: (version: string, platform = PLATFORM) =>
      join(out, `tartfleet-agent-${version}-${platform}.tar.gz`),
    /** Lays a bundle down whose program is a script, to be packed or changed. */
    async layDown(version: string, script = `echo ${version}`, platform = PLATFORM): Promise<string> {
      const folder = join(dir, `tartfleet-agent-${version}-${platform}`);
      await mkdir(join(folder, "bin"), { recursive: true });
      await writeFile(join(folder, "bin/tartfleet-agent"), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, "bin/tartfleet-agent"), 0o755);
      await writeFile(join(folder, "VERSION"), `${version}\n`);
      return folder;
    },
    /** Packs paths below the publisher's folder into an archive, whatever they are, and lists its sum. */
    async pack(archive: string, ...paths: string[]): Promise<void> {
      await create({ cwd: dir, file: archive, gzip: true, preservePaths: true }, paths);
      await this.list(archive);
    },
    async list(archive: string): Promise<void> {
      const sha256 = createHash("sha256")
        .update(await readFile(archive))
        .digest("hex");
      await appendFile(sums, `${sha256}  ${archive.slice(out.length + 1)}\n`);
    },
    async sign(by = key, namespace = "tartfleet-agent"): Promise<void> {
      await rm(`${sums}.sig`, { force: true });
      await execa("ssh-keygen", ["-Y", "sign", "-n", namespace, "-f", by, sums]);
    },
    /** A release as it should be. */
    async publish(version: string, script?: string): Promise<void> {
      const folder = await this.layDown(version, script);
      await this.pack(this.archive(version), folder.slice(dir.length + 1));
      await this.sign();
    },
    /** Brings a release to the host's versions. @returns its version */
    async fetch(source: string): Promise<string> {
      const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
      return fetchRelease({
        source: await sourceOf(source),
        installed,
        versions: await openVersions(installed),
        someone: { uid, gid },
        platform: PLATFORM,
        say: (line) => void said.push(line),
      });
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
export type Publisher = Awaited<ReturnType<typeof publisher>>;
