import { execa } from "execa";
import { chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FILES } from "../src/folders.ts";
import { scratch } from "./support.ts";

/** The launcher as it is installed, with a `node` that tells how it was called. */
async function installed(dir: string) {
  const version = join(dir, "usr local/lib/tartfleet/versions/1.2.3");
  await mkdir(join(version, "bin"), { recursive: true });
  await mkdir(join(version, "lib"));
  await mkdir(join(dir, "usr local/bin"));
  await mkdir(join(dir, "etc"));
  await copyFile(join(FILES, "bin/tartfleet-agent"), join(version, "bin/tartfleet-agent"));
  const node = join(version, "lib/node");
  await writeFile(node, '#!/bin/sh\nprintf "%s\\n" "$$" "$@"\n');
  await chmod(node, 0o755);
  await symlink("versions/1.2.3", join(dir, "usr local/lib/tartfleet/current"));
  await symlink("../lib/tartfleet/current/bin/tartfleet-agent", join(dir, "usr local/bin/tartfleet-agent"));
  await symlink(join(dir, "usr local/bin/tartfleet-agent"), join(dir, "absolute"));
  return {
    version,
    etc: join(dir, "etc"),
    links: [join(dir, "absolute"), join(dir, "usr local/bin/tartfleet-agent")],
  };
}

async function called(link: string, cwd: string, etc: string) {
  const child = execa(link, ["upgrade", "a b", ""], { cwd, env: { TARTFLEET_ETC: etc, CDPATH: "/tmp" } });
  const [pid, ...argv] = (await child).stdout.split("\n");
  return { isSameProcess: pid === String(child.pid), argv };
}

test("finds its bundle through symlinks from everywhere, and becomes its node", async () => {
  await using place = await scratch();
  const { version, etc, links } = await installed(place.dir);
  const expected = [
    "--max-semi-space-size=1",
    join(version, "lib/agent/dist/main.mjs"),
    "upgrade",
    "a b",
    "",
  ];
  for (const link of [...links, "./absolute", join(version, "bin/tartfleet-agent")]) {
    expect(await called(link, place.dir, etc)).toEqual({ isSameProcess: true, argv: expected });
  }
});

test("hands on the settings files that there are, the host's own facts last", async () => {
  await using place = await scratch();
  const { etc, links } = await installed(place.dir);
  const [link = ""] = links;
  await writeFile(join(etc, "host.env"), "");
  expect((await called(link, "/", etc)).argv.slice(1, -4)).toEqual([`--env-file=${etc}/host.env`]);
  await writeFile(join(etc, "agent.env"), "");
  expect((await called(link, "/", etc)).argv.slice(1, -4)).toEqual([
    `--env-file=${etc}/agent.env`,
    `--env-file=${etc}/host.env`,
  ]);
});
