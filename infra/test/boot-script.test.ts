import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../boot/control-plane.sh", import.meta.url));

/** Programs of an Amazon Linux that change the machine: each notes how it was called, and does what the test needs. */
const STAND_INS: Record<string, string> = {
  dnf: "",
  "node-24": "",
  useradd: "",
  chown: "",
  runuser: "",
  systemctl: "",
  sleep: "",
  id: "exit 1",
  mount: 'touch "$ROOT/mounted"',
  mountpoint: '[ -e "$ROOT/mounted" ]',
  // 2: there is no file system; 4: it could not be told.
  blkid: '[ ! -e "$ROOT/sick" ] || exit 4; [ -e "$ROOT/formatted" ] || exit 2',
  "mkfs.xfs": 'touch "$ROOT/formatted"',
  aws: 'touch "${!#}"',
  unzip: 'mkdir -p "${!#}" && touch "${!#}/package.json"',
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tf-boot-"));
  for (const folder of ["bin", "etc/systemd/system", "dev/disk/by-id", "opt/tartfleet"])
    await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0abc"), "");
  await writeFile(join(root, "etc/fstab"), "");
  for (const [name, act] of Object.entries(STAND_INS)) {
    const path = join(root, "bin", name);
    await writeFile(path, `#!/bin/bash\necho "\${0##*/} $*" >>"$ROOT/calls"\n${act}\n`);
    await chmod(path, 0o755);
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A boot with this version of the program. */
async function boot(version: string): Promise<{ code: number; said: string; calls: string[] }> {
  const env = {
    PATH: `${join(root, "bin")}:${process.env["PATH"]}`,
    ROOT: root,
    SOURCE: "s3://assets/source.zip",
    VERSION: version,
    VOLUME: "vol-0abc",
    PUBLIC_URL: "https://10.73.4.7:7337",
  };
  await rm(join(root, "calls"), { force: true });
  const { code, said } = await new Promise<{ code: number; said: string }>((resolve) => {
    execFile("/bin/bash", [SCRIPT], { env }, (error, _, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, said: stderr }),
    );
  });
  const calls = (await readFile(join(root, "calls"), "utf8")).trim().split("\n");
  return { code, said, calls };
}
const did = (calls: readonly string[], start: string) =>
  calls.filter((call) => call.startsWith(start)).length;

test("the first boot makes a file system, fetches the program, and starts it", async () => {
  const { code, said, calls } = await boot("one");
  expect([code, said]).toEqual([0, ""]);
  expect(did(calls, "mkfs.xfs")).toBe(1);
  expect(calls).toContain(
    `runuser -u tartfleet -- env HOME=${root}/opt/tartfleet npm-24 run control-plane -- --version`,
  );
  expect(calls.at(-1)).toBe("systemctl restart tartfleet");
  const unit = await readFile(join(root, "etc/systemd/system/tartfleet.service"), "utf8");
  expect(unit).toContain("--listen :7337 --public-url https://10.73.4.7:7337 --data-dir ");
  expect(unit).toContain("\nUser=tartfleet\n");
  expect(unit).toContain(`\nEnvironmentFile=-${root}/var/lib/tartfleet/control-plane.env\n`);
});

test("another boot only starts it; another version is fetched, and the data stays as it is", async () => {
  await boot("one");
  const again = await boot("one");
  for (const act of ["mkfs.xfs", "aws", "mount /", "dnf"]) expect(did(again.calls, act), act).toBe(0);
  expect(again.calls).toContain("systemctl restart tartfleet");
  const next = await boot("two");
  expect(did(next.calls, "mkfs.xfs")).toBe(0);
  expect(did(next.calls, "aws s3 cp")).toBe(1);
  expect((await readFile(join(root, "etc/fstab"), "utf8")).match(/vol0abc/g)).toHaveLength(1);
});

test("a volume of which nothing can be told is not written to", async () => {
  await writeFile(join(root, "sick"), "");
  const { code, calls } = await boot("one");
  expect(code).toBe(4);
  expect(did(calls, "mkfs.xfs")).toBe(0);
  expect(did(calls, "systemctl")).toBe(0);
});

test("a volume that does not come is told of, and nothing is started without it", async () => {
  await rm(join(root, "dev/disk/by-id"), { recursive: true });
  const { code, said, calls } = await boot("one");
  expect(code).toBe(1);
  expect(said).toContain("vol-0abc was not attached within ten minutes");
  expect(did(calls, "systemctl")).toBe(0);
  expect(await readFile(join(root, "etc/fstab"), "utf8")).toBe("");
});
